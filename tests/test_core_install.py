"""The package without the book's tools and without extras: everything imports, and an agent is trained.

Tried in a process that cannot import what only extras, the tools of development or other libraries bring.
"""

import subprocess
import sys
from pathlib import Path

from tests.installed import PACKAGE, modules, needed

PROGRAM = """
import importlib, pkgutil, sys
from importlib.machinery import PathFinder

allowed = set(sys.argv.pop(1).split(","))


class OnlyCore(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return super().find_spec(name, path, target) if name.partition(".")[0] in allowed else None


sys.meta_path[:] = [OnlyCore if finder is PathFinder else finder for finder in sys.meta_path]
import drr_tutorial

names = [found.name for found in pkgutil.walk_packages(drr_tutorial.__path__, "drr_tutorial.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names), "modules")
from drr_tutorial.lab.cli import main

main(sys.argv[1:])
"""
TRAIN = ["train", "--dataset", "synthetic", "--preset", "simple", "--baselines", "popularity", "--out", "trained"]


def test_all_modules_import_and_an_agent_is_trained(tmp_path: Path) -> None:
    core = modules(needed([PACKAGE])) | set(sys.stdlib_module_names) | {PACKAGE}
    assert not core & {"implicit", "jupyter_book", "sphinx", "ipykernel", "pytest", "faiss", "ray", "sardine", "wandb"}
    command = [sys.executable, "-c", PROGRAM, ",".join(core), *TRAIN]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 200
    assert "popularity" in done.stdout
    assert (tmp_path / "trained").is_dir()


def test_a_library_of_an_extra_cannot_be_imported_there(tmp_path: Path) -> None:
    """Else the test above would show nothing."""
    blocked = PROGRAM.split("import drr_tutorial")[0] + "import numpy\nimport pytest"
    core = modules(needed(["numpy"])) | set(sys.stdlib_module_names)
    done = subprocess.run([sys.executable, "-c", blocked, ",".join(core)], capture_output=True, text=True, check=False)
    assert "No module named 'pytest'" in done.stderr
