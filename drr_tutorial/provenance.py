"""Where a figure comes from: the command, the code that made it, its revision, versions, machine, time, memory.

A figure is out of date when the code that made it has changed. Code is told apart by what it does, not by its wording:
comments, docstrings and layout do not count, so that a sentence can be mended without computing everything anew.
"""

import ast
import hashlib
import importlib.util
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
LIBRARIES = ("drr_tutorial", "torch", "numpy", "scipy", "pandas", "gymnasium")
MAKES_NO_FIGURE = ("drr_tutorial", "drr_tutorial.provenance", "drr_tutorial.studies", "drr_tutorial.studies.study")
DRAWS_ONLY = "drr_tutorial.plots"
KERNEL_SETTINGS = ("ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE")


def particulars(
    command: str, *, data: Mapping[str, str], seeds: Sequence[int], seconds: float, peak_memory_mb: int
) -> dict[str, Any]:
    """What every result file tells beside its figures.

    `data`: name -> fingerprint of the ratings; empty where figures rest on none. `seeds`: all that were used.
    `seconds`: what it took to compute the figures; `peak_memory_mb`: the most memory of a process meanwhile, in MB.
    """
    return {
        "command": command,
        "git revision": git_revision(),
        "data": dict(data),
        "seeds": list(seeds),
        "versions": versions(),
        "machine": machine(),
        "seconds": round(seconds, 1),
        "peak memory MB": peak_memory_mb,
    }


def code_digests(modules: Iterable[str]) -> dict[str, str]:
    """Module -> digest of its code, for `modules` and whatever they import, however deep, within this package.

    Imports inside functions count, those for type checkers only do not. Plots and the framework of the studies are left
    out. Raises `ValueError` for a module that is not there.
    """
    digests: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in digests and not _is_left_out(name):
            digests[name], imports = _digest_and_imports(_source(name))
            waiting += [module for module in imports if _path(module) is not None]
    return dict(sorted(digests.items()))


def code_key(modules: Iterable[str]) -> str:
    """One digest for the code of `modules` and all that they import: equal keys, equal figures. Raises `ValueError`."""
    return hashlib.sha256(repr(code_digests(modules)).encode()).hexdigest()[:16]


def git_revision() -> str:
    """The commit of this checkout, with a word if the package's code differs from it; "unknown" outside a checkout."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(PACKAGE), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    try:
        if not git("ls-files", "provenance.py"):  # installed below somebody else's checkout
            return "unknown"
        changed = git("status", "--porcelain", "--", ".")
        return git("rev-parse", "HEAD") + (", with uncommitted changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def versions() -> dict[str, str]:
    """Python's version and those of the libraries that figures rest on."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def machine() -> dict[str, Any]:
    """What speed depends on, and the last digits of every figure: processor, kernels, threads.

    `kernels` are those of this process (see `kernels`); `kernel settings` the variables of the environment that chose
    them, if any. Older files have the architecture as `processor`, and no kernels.
    """
    settings = {name: os.environ[name] for name in KERNEL_SETTINGS if name in os.environ}
    return {
        "system": platform.platform(),
        "architecture": platform.machine(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "kernels": kernels(),
    } | ({"kernel settings": settings} if settings else {})


def kernels() -> dict[str, dict[str, Any]]:
    """Instruction set and number of threads in use by torch and by each BLAS library that is loaded: NumPy's, SciPy's.

    A BLAS within another library is not seen: the MKL within torch, Apple's Accelerate.
    """
    import torch  # here, since this module is imported where no torch is needed
    from threadpoolctl import threadpool_info

    found = {"torch": {"instructions": torch.backends.cpu.get_cpu_capability(), "threads": torch.get_num_threads()}}
    for library in threadpool_info():
        if library["user_api"] == "blas":
            name = f"{library['internal_api']} {library['version'] or ''}".strip()
            instructions = library.get("architecture", "unknown")
            found[name] = {"instructions": instructions, "threads": library["num_threads"]}
    return found


@cache
def processor() -> str:
    """The processor's model, as the system names it; its architecture where the system does not."""
    try:
        name = " ".join(_model().split())
    except (OSError, subprocess.SubprocessError):
        name = ""
    return name if name not in ("", "-") else platform.processor() or platform.machine()


def _model() -> str:
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
            return str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string")
    # On arm64, Linux tells numbers only, for which lscpu knows names.
    return _model_name(Path("/proc/cpuinfo").read_text(encoding="utf-8")) or _model_name(_output("lscpu"))


def _model_name(text: str) -> str:
    found = re.search(r"^\s*model name\s*:(.*)$", text, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def _output(*command: str) -> str:
    english = os.environ | {"LC_ALL": "C"}
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=10, env=english).stdout


def peak_memory_mb() -> int:
    """The most memory that this process has held so far, in MB; 0 where the system does not tell (Windows)."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: getrusage would tell of the process that started this one
        return round(int(status.read_text(encoding="utf-8").partition("VmHWM:")[2].split()[0]) / 1000)
    try:
        import resource
    except ImportError:
        return 0
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)  # bytes on macOS


def _is_left_out(name: str) -> bool:
    return name in MAKES_NO_FIGURE or name == DRAWS_ONLY or name.startswith(f"{DRAWS_ONLY}.")


def _path(name: str) -> Path | None:
    """The file of a module of this package; None when there is none of that name."""
    first, *parts = name.split(".")
    place = PACKAGE.joinpath(*parts)
    found = (path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file())
    return next(found, None) if first == PACKAGE.name and parts else None


def _source(name: str) -> str:
    path = _path(name)
    if path is None and not name.startswith(f"{PACKAGE.name}."):  # a study from elsewhere
        spec = importlib.util.find_spec(name)
        path = None if spec is None or spec.origin is None else Path(spec.origin)
    if path is None:
        raise ValueError(f"there is no module {name!r}; name the modules that make the figures, such as {__name__!r}")
    return path.read_text(encoding="utf-8")


@cache
def _digest_and_imports(source: str) -> tuple[str, tuple[str, ...]]:
    tree = ast.parse(source)
    return hashlib.sha256(_shape(tree).encode()).hexdigest()[:16], tuple(_imports(tree))


def _shape(node: Any) -> str:
    """What a syntax tree does, the same in every version of Python: names of nodes, and what they hold, but no empty
    fields.
    """
    if isinstance(node, list):
        return "[" + ",".join(_shape(item) for item in node if not _is_docstring(item)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, value) for name, value in ast.iter_fields(node) if value is not None and value != [])
    return type(node).__name__ + "(" + ",".join(f"{name}={_shape(value)}" for name, value in fields) + ")"


def _is_docstring(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _imports(node: ast.AST) -> Iterator[str]:
    """Names that may be modules of this package: `from a import b` gives a and a.b."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{name.name}" for name in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child)
