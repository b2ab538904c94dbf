"""What a number after a training may differ by: measured, written down, and no larger than what it must notice."""

import ast
import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import original_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.recommenders.baselines import PopularityRecommender
from tests.portable import kernels

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
TABLE: dict[str, Any] = json.loads((BOOK / "tolerances.json").read_text())
CELLS = [
    (path.stem, cell)
    for path in sorted(BOOK.glob("*.ipynb"))
    for cell in nbformat.read(path, as_version=4).cells  # type: ignore[no-untyped-call]
]
NOT_COMPARED = {  # (notebook, cell): why
    ("intro", "intro-04"): "messages of the training",
    ("intro", "intro-08"): "films of a trained agent",
    ("deeper_one_person", "133e2fe7"): "films of a trained agent",
    ("deeper_one_person", "8a96fb37"): "films of a trained agent",
    ("12_fair_table", "c004"): "particulars of a result file",
    ("12_fair_table", "c006"): "particulars of a result file",
    ("15_winning", "c10-58"): "speeds of a result file",
    ("08_planning", "planning-18c"): "likes of a trained agent",
    **{("17_own_data", f"own-{place}"): "numbers and items of a trained agent" for place in (12, 15, 20, 22, 26, 28)},
    ("whole_agent", "whole-20"): "a curve of a training",
    ("whole_agent", "whole-23"): "a training",
    ("whole_agent", "whole-27"): "sessions of a trained agent",
    ("whole_agent", "whole-30"): "sessions of a trained agent",
    ("whole_agent", "whole-32"): "sessions of a trained agent",
}


@pytest.fixture(scope="module")
def check() -> Any:
    """book/conftest.py."""
    spec = importlib.util.spec_from_file_location("book_conftest", BOOK / "conftest.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_kind_that_a_cell_names_was_measured_and_each_that_was_measured_is_named() -> None:
    named = [cell.metadata.get("tolerance", {}) for _, cell in CELLS]
    kinds = {kind for one in named for kind in ([one] if isinstance(one, str) else one.values())}
    assert kinds == set(TABLE["kinds"]), "run make tolerances"
    for kind in TABLE["kinds"].values():
        assert kind["spread"] >= 0 and kind["numbers"] > 0 and kind["widest"]


@pytest.mark.parametrize(("spread", "counted", "expected"), [(0.01, False, 0.03), (0.0, True, 1.0), (2.0, True, 6.0)])
def test_a_tolerance_is_three_times_the_spread_and_counts_may_differ_by_one(
    check: Any, spread: float, counted: bool, expected: float
) -> None:
    assert check.tolerance({"spread": spread, "counted": counted}) == pytest.approx(expected)


def test_the_table_says_how_it_was_measured() -> None:
    assert TABLE["command"] == "make tolerances"
    assert TABLE["kernels"] and TABLE["seeds"] and TABLE["versions"] and TABLE["machine"]


def test_glued_names_with_a_tolerance_are_glued_there() -> None:
    for notebook, cell in CELLS:
        tolerance = cell.metadata.get("tolerance", {})
        glued = {
            output.metadata.get("scrapbook", {}).get("name")
            for output in cell.get("outputs", [])
            if "metadata" in output
        }
        assert isinstance(tolerance, str) or set(tolerance) <= glued, (notebook, cell.id)


def test_only_these_cells_are_not_compared() -> None:
    ignored = {(name, cell.id) for name, cell in CELLS if "nbval-ignore-output" in cell.metadata.get("tags", [])}
    assert ignored <= set(NOT_COMPARED)


def test_a_training_that_does_nothing_is_noticed(check: Any) -> None:
    """By the gain, and by the sentence about it, which is compared word for word."""
    cell = next(cell for _, cell in CELLS if cell.id == "intro-11")
    glued = {
        output.metadata.scrapbook.name: output.data["application/papermill.record/text/plain"]
        for output in cell.outputs
    }
    assert float(glued["gain"]) > check.absolute_of(cell, "gain")
    assert "verdict" not in cell.metadata.tolerance and float(glued["gain_low"]) > 0
    of_nothing = re.search(r'level="([^"]*)"', cell.source)
    assert of_nothing is not None and of_nothing[1] != ast.literal_eval(glued["verdict"])


def test_a_metric_cut_at_nine_is_noticed_after_a_training_too(check: Any, ml_100k: Ratings) -> None:
    split = original_split(ml_100k)
    report = evaluate_ranking(PopularityRecommender().fit(split.train), split, ks=(9, 10), protocol="unseen")
    assert report.mean("HR@10") - report.mean("HR@9") > check.tolerance(TABLE["kinds"]["hit rate"])


@pytest.mark.parametrize(
    ("first", "second", "absolute", "equal"),
    [
        ("HR 0.8308", "HR 0.8270", None, False),
        ("HR 0.8308", "HR 0.8270", 0.006, True),
        ("HR 0.8308", "HR  0.8240", 0.006, False),
        ("HR 0.83", "nDCG 0.83", 0.006, False),
        ("{'simple': 271}", "{'simple': 270}", None, False),
        ("{'simple': 271}", "{'simple': 270}", 2.0, True),
        ("loss -22.4", "loss 22.4", 2.0, False),
        ("1.00001 2", "1.0 2", None, True),
        ("nan", "0.5", 1.0, False),
        ("0.5 0.6", "0.5", 1.0, False),
    ],
)
def test_texts_with_numbers(check: Any, first: str, second: str, absolute: float | None, equal: bool) -> None:
    tolerant = check._with(first, absolute)
    assert (tolerant == second) is (second == tolerant) is equal
    assert (tolerant != second) is not equal


def test_a_kind_that_was_not_measured_is_an_error(check: Any) -> None:
    cell = nbformat.v4.new_code_cell(metadata={"tolerance": {"agent_hit": "no such kind"}})  # type: ignore[no-untyped-call]
    with pytest.raises(KeyError, match="no such kind"):
        check.absolute_of(cell, "agent_hit")
    assert check.absolute_of(cell, "chance_hit") is None


class TestKernels:
    def test_the_variables_reach_the_command(self, capfd: pytest.CaptureFixture[str]) -> None:
        code = "import torch; print(torch.backends.cpu.get_cpu_capability())"
        assert kernels.main("default", sys.executable, "-c", code) == 0
        said = capfd.readouterr().out
        assert "skipped" in said or said.strip().endswith(("DEFAULT", "NO AVX"))

    def test_a_failing_command_fails(self) -> None:
        assert kernels.main("own", sys.executable, "-c", "raise SystemExit(3)") == 3

    def test_another_processor_skips_with_a_word(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(kernels.platform, "machine", lambda: "arm64")
        assert kernels.main("avx2", "no-such-command") == 0
        assert "avx2 skipped" in capsys.readouterr().out and not kernels.missing("own")

    def test_a_lesser_processor_skips_with_a_word(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kernels.platform, "machine", lambda: "x86_64")
        monkeypatch.setattr(kernels.torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
        assert kernels.missing("avx512") == "kernels avx512 skipped: this processor has AVX2"
        assert not kernels.missing("avx2") and not kernels.missing("default")

    def test_an_unknown_name(self) -> None:
        with pytest.raises(ValueError, match="kernels must be one of own, default, avx2, avx512, got 'sse'"):
            kernels.missing("sse")
