"""What the notebooks lean on: budget, glue, sentences that must hold."""

import sys

import pytest

from drr_tutorial.lab import exercises
from drr_tutorial.lab.pages import book_folder, budget, claim, glue, results_folder, verdict


def test_the_budget_is_normal_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DRR_BUDGET", raising=False)
    assert budget(10, 1) == 10
    monkeypatch.setenv("DRR_BUDGET", "smoke")
    assert budget(10, 1) == 1
    monkeypatch.setenv("DRR_BUDGET", "large")
    with pytest.raises(ValueError, match="DRR_BUDGET must be normal or smoke, got 'large'"):
        budget(10, 1)


def test_a_sentence_that_does_not_hold_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DRR_BUDGET", raising=False)
    claim(2 > 1, "two is more")
    with pytest.raises(AssertionError, match="the prose below says: one is more; .* reword it"):
        claim(1 > 2, "one is more")
    monkeypatch.setenv("DRR_BUDGET", "smoke")
    claim(1 > 2, "one is more")  # the prose is not about a quick look


@pytest.mark.parametrize(
    ("low", "high", "words"), [(0.1, 0.2, "more"), (-0.1, 0.2, "same"), (-0.2, -0.1, "less"), (0.0, 0.0, "same")]
)
def test_a_verdict_goes_by_the_whole_interval(low: float, high: float, words: str) -> None:
    assert verdict(low, high, above="more", level="same", below="less") == words


def test_results_are_where_pages_look_for_them() -> None:
    assert (results_folder() / "runtimes.json").is_file()
    assert (book_folder() / "references.bib").is_file()


def test_glue_is_silent_without_the_books_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    glue("n", 3)


@pytest.mark.parametrize(
    ("number", "text"), [("99.1", "a chapter from 1 to"), ("1.99", "one of"), ("", "a chapter"), ("x", "a chapter")]
)
def test_no_such_exercise(number: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        exercises.check(number, None)
