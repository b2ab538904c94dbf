"""Code keys follow what code does, not its wording, through all imports; revision, versions and memory are told."""

import subprocess
import sys
from pathlib import Path

import pytest

from drr_tutorial import provenance
from drr_tutorial.provenance import code_digests, code_key, git_revision

CODE = '''
"""A module."""
from drr_tutorial.metrics import ndcg


def twice(x: float) -> float:
    """Twice."""
    return 2 * x  # of course
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "a_study_from_elsewhere.py"
    path.write_text(CODE)
    return path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Twice."""', '"""Two times.\n\n    At length.\n    """'),
        ("  # of course", ""),
        ('"""A module."""\n', ""),
        ("return 2 * x", "return (2 *\n        x)"),
        ("def twice", "\n\n# A comment\ndef twice"),
    ],
)
def test_wording_does_not_count(module: Path, old: str, new: str) -> None:
    before = code_key([module.stem])
    assert old in CODE
    module.write_text(CODE.replace(old, new))
    assert code_key([module.stem]) == before


@pytest.mark.parametrize(
    ("old", "new"), [("2 * x", "3 * x"), ("2 * x", "x * 2"), ("2 * x", "2.0 * x"), ("import ndcg", "import recall")]
)
def test_what_code_does_counts(module: Path, old: str, new: str) -> None:
    before = code_key([module.stem])
    module.write_text(CODE.replace(old, new))
    assert code_key([module.stem]) != before


def test_imports_are_followed_wherever_they_stand(module: Path) -> None:
    assert set(code_digests([module.stem])) == {module.stem, "drr_tutorial.metrics"}
    module.write_text(
        "def f():\n    from drr_tutorial import splits, plots\n    from drr_tutorial.plots import style\n"
    )
    digests = code_digests([module.stem])
    assert {"drr_tutorial.splits", "drr_tutorial.ratings", "drr_tutorial.sources"} <= set(digests)
    assert not any("plots" in name for name in digests)
    module.write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from drr_tutorial import splits\n")
    assert set(code_digests([module.stem])) == {module.stem}


def test_a_study_of_the_agent_rests_on_all_of_it_and_one_of_baselines_does_not() -> None:
    agent, baselines = code_digests(["drr_tutorial.agent"]), code_digests(["drr_tutorial.baselines"])
    assert {"drr_tutorial.ddpg", "drr_tutorial.trainer", "drr_tutorial.config", "drr_tutorial.state"} <= set(agent)
    assert not {"drr_tutorial.agent", "drr_tutorial.ddpg", "drr_tutorial.config"} & set(baselines)


def test_a_change_deep_below_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before, source = code_key(["drr_tutorial.agent"]), provenance._source
    deep = "drr_tutorial.sum_tree"
    monkeypatch.setattr(provenance, "_source", lambda name: source(name) + ("\nX = 1\n" if name == deep else ""))
    assert code_key(["drr_tutorial.agent"]) != before


@pytest.mark.parametrize("name", ["drr_tutorial.no_such_module", "no_such_package_at_all"])
def test_no_such_module(name: str) -> None:
    with pytest.raises(ValueError, match=f"there is no module '{name}'"):
        code_key([name])


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


def test_peak_memory_sees_what_was_held() -> None:
    code = "from drr_tutorial.provenance import peak_memory_mb as peak; before = peak(); x = b'1' * 300_000_000; print(peak() - before)"
    grown = int(subprocess.check_output([sys.executable, "-c", code], text=True))
    assert 270 < grown < 400
