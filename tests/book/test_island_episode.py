"""Watch an episode: sessions are those of the result file, steps move by keys, the training's slider by its curve."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drr_tutorial.lab.pages import results_folder
from drr_tutorial.storage import read_json
from tests.book import islands

EPISODES = read_json(results_folder() / "episodes.json")["summary"]


@pytest.fixture
def page(browser: Any, island_pages: Path) -> Iterator[Any]:
    yield from islands.opened(browser, island_pages, "watch-episode")


def said(page: Any) -> str:
    return str(page.locator(".island-status").inner_text())


@pytest.mark.parametrize("player", ["random", "popularity", "greedy", "planner"])
def test_a_player_shows_its_session(page: Any, player: str) -> None:
    page.get_by_label("Who recommends?").select_option(player)
    session = EPISODES["sessions"][player]
    assert f"{sum(session['liked'])} likes in {len(session['liked'])} steps" in said(page)
    picture = page.locator(".island-episode")
    assert picture.locator(".island-liked").count() == sum(session["liked"])
    assert picture.locator(".island-missed").count() == len(session["liked"]) - sum(session["liked"])


def test_keys_move_through_the_training_and_the_curve_follows(page: Any) -> None:
    page.get_by_label("Who recommends?").select_option("random")
    assert "as shown above" not in page.locator(".island-stage").inner_text()
    training = page.get_by_label("DRR's training")
    for step, likes in (EPISODES["curve"][-2], EPISODES["curve"][-3]):
        training.press("ArrowLeft")
        assert page.get_by_label("Who recommends?").input_value() == "DRR"
        assert f"{sum(EPISODES['sessions'][str(step)]['liked'])} likes in" in said(page)
        assert f"as shown above {likes:.1f}" in page.locator("svg.island-plot").last.get_attribute("aria-label")
    training.press("Home")
    assert f"{sum(EPISODES['sessions']['0']['liked'])} likes in" in said(page)


def test_steps_are_seen_one_by_one(page: Any) -> None:
    session = EPISODES["sessions"][str(EPISODES["curve"][-1][0])]
    step = page.get_by_label("step of the session")
    step.press("Home")
    for count in (1, 2, 3):
        assert said(page).startswith(f"Step {count}:")
        assert f"chance was {100 * session['chance'][count - 1]:.0f} %" in said(page)
        assert ("not liked" in said(page)) is not session["liked"][count - 1]
        step.press("ArrowRight")


def test_it_says_why_nobody_keeps_this_user_for_longer_and_names_players_alike(page: Any) -> None:
    """The file's user leaves at one step under all; without a word a reader may take that for a rule."""
    sessions = [session for name, session in EPISODES["sessions"].items() if name != "user"]
    (end,) = {len(session["liked"]) for session in sessions}
    assert not any(session["liked"][-1] for session in sessions)
    assert f"at step {end} it lets nothing be liked" in page.locator(".island-stage").inner_text()
    named = [
        name for name in page.get_by_label("Who recommends?").locator("option").all_inner_texts() if "DRR" not in name
    ]
    levels = page.locator(".island-legend li").all_inner_texts()[: len(named)]
    assert [level.partition(": ")[0] for level in levels] == named


def test_it_plays_and_pauses(page: Any) -> None:
    play = page.get_by_role("button", name="Play")
    play.press("Enter")
    page.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('Step 3')")
    page.get_by_role("button", name="Pause").press("Enter")
    stopped = said(page)
    page.wait_for_timeout(500)
    assert said(page) == stopped


def test_a_double_click_plays(page: Any) -> None:
    """Its second press would stop what the first one began."""
    page.get_by_role("button", name="Play").dblclick()
    page.get_by_role("button", name="Pause").click()
    assert page.get_by_role("button", name="Play").is_visible()


def test_the_figure_that_it_replaces_goes_where_its_place_is(browser: Any, tmp_path: Path) -> None:
    text = islands.PAGE.format(name="watch-episode", fallback="words").replace(":alt:", ":folds: pic\n:alt:")
    figure = "\n:::{figure} picture.svg\n:name: pic\n:alt: A picture.\n\nIts words\n:::\n"
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "picture.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    out = islands.build(tmp_path, {"page": text + figure})
    page, wrong = islands.open_island(browser, out, "page")
    islands.live(page)
    assert page.locator("#pic").count() == 1 and not page.locator("#pic").is_visible()
    page.locator(".island-fold").click()
    assert page.locator("#pic").is_visible()
    page.context.close()
    page, _ = islands.open_island(browser, out, "page", java_script_enabled=False)
    assert page.locator("#pic").is_visible() and not wrong
    page.context.close()
