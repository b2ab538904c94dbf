"""Where a figure comes from: the command, the revision of the code, versions, machine, time, memory."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
LIBRARIES = ("drr_tutorial", "torch", "numpy", "scipy", "pandas", "gymnasium")
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
