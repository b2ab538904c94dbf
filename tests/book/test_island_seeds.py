"""Seeds and intervals: Student's interval in the page is the package's, and seeds can be left out and added."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drr_tutorial.evaluation.intervals import interval_over_seeds
from drr_tutorial.lab.pages import results_folder
from drr_tutorial.storage import read_json
from tests.book import islands


@pytest.fixture
def page(browser: Any, island_pages: Path) -> Iterator[Any]:
    yield from islands.opened(browser, island_pages, "seeds-explorer")


def numbers(page: Any) -> list[float]:
    """Of the sentence: seeds, mean, low, high; then the book's mean, low, high."""
    sentence = page.locator(".island-status").inner_text().replace("95 %", "")
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", sentence)]


def test_the_interval_is_the_packages(page: Any) -> None:
    rng = np.random.default_rng(0)
    for n in (2, 3, 4, 5, 8, 13, 30):
        values = rng.normal(20, 3, n)
        assert page.evaluate("values => drr.intervalOverSeeds(values)", values.tolist()) == pytest.approx(
            interval_over_seeds(values), rel=1e-9
        )


def test_each_method_of_each_result_can_be_looked_at(page: Any) -> None:
    """And has the interval that the package makes of its seeds. What one seed gave has none, and is not there."""
    data = page.evaluate("drr.data.seeds")
    for result, known in data.items():
        page.get_by_label("Result").select_option(result)
        methods = page.get_by_label("Method").locator("option").all_inner_texts()
        assert methods == list(known["methods"])
        for method in methods:
            page.get_by_label("Method").select_option(method)
            runs = known["methods"][method]
            interval = interval_over_seeds(np.array(runs["seeds"]))
            expected = [len(runs["seeds"]), *interval.values(), *runs["table"].values()]
            assert numbers(page) == pytest.approx(expected, abs=0.51 * 10 ** -known["digits"]), (result, method)
    for few in ([], [20.0]):
        with pytest.raises(Exception, match="needs two values"):
            page.evaluate("values => drr.intervalOverSeeds(values)", few)


def test_what_was_earned_in_the_tiny_world_is_not_compared_with_the_planning_world(page: Any) -> None:
    found = page.evaluate("drr.data.seeds")
    best = read_json(results_folder() / "planning.json")["summary"]["bounds"]["all"]["planner"]
    means = {
        name: runs["table"]["mean"] for name, runs in found["The planning world, likes a session"]["methods"].items()
    }
    assert max(means.values()) < best and "table" not in means
    assert list(found["The tiny world, likes a session"]["methods"]) == ["Q-learning on a table"]


def test_it_opens_with_the_interval_that_the_book_has(page: Any) -> None:
    ours = read_json(results_folder() / "planning.json")["summary"]["ours"]["planning"]
    rounded = [round(ours[name], 2) for name in ("mean", "low", "high")]
    assert numbers(page) == [len(ours["seeds"]), *rounded, *rounded]


def test_a_seed_left_out_or_added_moves_the_interval(page: Any) -> None:
    seeds = read_json(results_folder() / "planning.json")["summary"]["ours"]["planning"]["seeds"]
    page.get_by_label("seed 0").press(" ")
    fewer = interval_over_seeds(np.array(seeds[1:]))
    assert numbers(page)[:4] == [len(seeds) - 1, *(round(fewer[name], 2) for name in ("mean", "low", "high"))]
    slider = page.get_by_label("One more seed")
    slider.press("End")
    page.get_by_role("button", name="Add it").press("Enter")
    more = interval_over_seeds(np.array([*seeds[1:], float(slider.input_value())]))
    assert numbers(page)[:4] == [len(seeds), *(pytest.approx(more[name], abs=6e-3) for name in ("mean", "low", "high"))]
    for seed in range(1, len(seeds)):
        page.get_by_label(f"seed {seed}").press(" ")
    assert "One seed says nothing" in page.locator(".island-status").inner_text()
    page.get_by_label("added").press(" ")
    assert "All seeds are left out: an interval needs two." in page.locator(".island-status").inner_text()
    page.get_by_role("button", name="As it was").click()
    assert numbers(page)[0] == len(seeds)


def test_an_interval_that_leaves_the_picture_has_no_ends_there(page: Any) -> None:
    """With two of five seeds Student's t is 12.7: from edge to edge, and a mark for the mean alone."""
    marks = page.locator("svg line.island-line")
    assert marks.count() == 8  # two intervals of a line, two ends, a mean
    for seed in range(2, 5):
        page.get_by_label(f"seed {seed}").press(" ")
    interval = numbers(page)[1:4]
    low, *_, high = map(float, page.locator("svg text[text-anchor=middle]").all_text_contents())
    assert interval[1] < low and interval[2] > high
    assert marks.count() == 6


def test_other_results_have_intervals_over_users(page: Any) -> None:
    page.get_by_label("Result").select_option("ml-100k, unseen films, nDCG@10")
    page.get_by_label("Method").select_option("iALS")
    found = read_json(results_folder() / "fair-table.json")["summary"]["ml-100k"]["unseen"]["methods"]["iALS"][
        "nDCG@10"
    ]
    assert numbers(page)[-3:] == [round(found[name], 4) for name in ("mean", "low", "high")]
    assert "over users" in page.locator(".island-status").inner_text()
