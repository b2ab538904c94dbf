"""Where figures come from: revision, versions, machine and memory are told."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from drr_tutorial import provenance
from drr_tutorial.provenance import git_revision, particulars, processor


def _git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.check_output(["git", "-C", str(folder), *who, *arguments], text=True).strip()


def test_the_revision_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(provenance, "PACKAGE", package)
    assert git_revision() == "unknown"
    _git(tmp_path, "init", "-q")
    assert git_revision() == "unknown"
    (package / "provenance.py").write_text("a = 1\n")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-q", "-m", "first")
    head = _git(tmp_path, "rev-parse", "HEAD")
    assert git_revision() == head
    (tmp_path / "result.json").write_text("{}")  # a new figure is not a change of the code
    assert git_revision() == head
    (package / "provenance.py").write_text("a = 2\n")
    assert git_revision() == f"{head}, with uncommitted changes"


def test_a_result_tells_the_processor_its_kernels_and_threads() -> None:
    about = particulars("python x.py", data={}, seeds=[0], seconds=1.0, peak_memory_mb=1)["machine"]
    assert about["architecture"] == platform.machine() and about["processor"] and about["cores"] >= 1
    assert {"torch"} < set(about["kernels"]) or sys.platform == "darwin"  # Apple's BLAS is not seen
    assert all(used["instructions"] and used["threads"] >= 1 for used in about["kernels"].values())
    assert json.loads(json.dumps(about)) == about


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="kernels of x86-64 are chosen")
def test_the_kernels_are_those_in_use() -> None:
    settings = {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
    }
    chosen = settings | {"OMP_NUM_THREADS": "2"}
    code = "import json; from drr_tutorial.provenance import machine; print(json.dumps(machine()))"
    shown = subprocess.check_output([sys.executable, "-c", code], text=True, env=os.environ | chosen)
    about = json.loads(shown)
    assert about["kernels"]["torch"]["instructions"] in ("DEFAULT", "NO AVX")  # as torch up to 2.6 calls it
    assert about["kernels"]["torch"]["threads"] == 2
    blas = [used["instructions"] for name, used in about["kernels"].items() if name.startswith("openblas")]
    assert set(blas) <= {"Nehalem"}
    assert about["kernel settings"] == settings


ON_AN_INTEL = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t\t: 79\nmodel name\t: Intel(R)  Xeon(R) CPU\n"
ON_AN_ARM = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"
LSCPU = "Architecture: aarch64\nVendor ID:  ARM\n  BIOS Model name: unknown\n  Model name:   Neoverse-N1\n"


@pytest.mark.parametrize(
    ("system", "cpuinfo", "printed", "name"),
    [
        ("linux", ON_AN_INTEL, "", "Intel(R) Xeon(R) CPU"),
        ("linux", ON_AN_ARM, LSCPU, "Neoverse-N1"),
        ("linux", ON_AN_ARM, "Model name:  -\n", None),
        ("linux", ON_AN_ARM, None, None),  # a system without lscpu
        ("linux", None, "", None),  # a system without /proc
        ("darwin", None, "Apple M1\n", "Apple M1"),
    ],
)
def test_the_processor_by_its_model(
    monkeypatch: pytest.MonkeyPatch, system: str, cpuinfo: str | None, printed: str | None, name: str | None
) -> None:
    def read(*_: object, **__: object) -> str:
        if cpuinfo is None:
            raise FileNotFoundError
        return cpuinfo

    def run(command: tuple[str, ...], **_: object) -> subprocess.CompletedProcess[str]:
        if printed is None:
            raise FileNotFoundError
        return subprocess.CompletedProcess(command, 0, stdout=printed)

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "read_text", read)
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(platform, "processor", lambda: "")
    processor.cache_clear()
    try:
        assert processor() == (name or platform.machine())
    finally:
        processor.cache_clear()


def test_the_processor_by_its_model_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = MagicMock()
    registry.QueryValueEx.return_value = ("Snapdragon(R) X  Elite ", 1)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "winreg", registry)
    processor.cache_clear()
    try:
        assert processor() == "Snapdragon(R) X Elite"
    finally:
        processor.cache_clear()


def test_nothing_slow_is_imported_for_it() -> None:
    code = "import sys, drr_tutorial.provenance; print([m for m in ('torch', 'numpy', 'threadpoolctl') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")
def test_peak_memory_sees_what_was_held() -> None:
    code = "from drr_tutorial.provenance import peak_memory_mb as peak; before = peak(); x = b'1' * 300_000_000; print(peak() - before)"
    grown = int(subprocess.check_output([sys.executable, "-c", code], text=True))
    assert 270 < grown < 400
