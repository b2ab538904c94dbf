"""Be the user, and the map of films: real clicks and keys, and lists that are the package's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drr_tutorial.recommenders.drr import DRRRecommender
from tests.book import film_lists, islands

LIST, MINE = 'ol[aria-label="Recommended films"] > li', 'ol[aria-label="Your answers"] > li'
SOON = 50  # milliseconds from a press to its answer
PRESS = """button => { const start = performance.now(); button.click(); return performance.now() - start; }"""


@pytest.fixture(scope="module")
def agent() -> DRRRecommender:
    return film_lists.agents_of_page()["drr-ave"]


@pytest.fixture
def page(browser: Any, island_pages: Path) -> Iterator[Any]:
    found, wrong = islands.open_island(browser, island_pages, "films", viewport={"width": 1300, "height": 900})
    for island in found.locator(".island").all():
        island.scroll_into_view_if_needed()
    found.wait_for_function("document.querySelectorAll('.island[data-state=live]').length === 2")
    yield found
    found.context.close()
    assert not wrong


def listed(page: Any) -> list[str]:
    """Titles of the list that stands on the page."""
    return [re.sub(r" (new|▲\d+|▼\d+)?$", "", text) for text in page.locator(f"{LIST} > span").all_inner_texts()]


def recommended(agent: DRRRecommender, liked: list[str], disliked: list[str] = []) -> list[str]:  # noqa: B006
    """Titles that the package recommends, by titles."""
    ids = dict(zip(agent.ratings.titles.tolist(), agent.ratings.item_ids.tolist(), strict=True))
    table = agent.recommend_for([ids[t] for t in liked], 10, disliked_items=[ids[t] for t in disliked])
    return list(table["title"])


def test_by_keys_alone_one_says_what_one_likes_and_gets_the_packages_list(page: Any, agent: DRRRecommender) -> None:
    first, second = agent.ratings.titles[[3, 40]].tolist()
    search = page.get_by_label("Find a film you know")
    for title in (first, second):
        search.focus()
        page.keyboard.type(title)
        page.keyboard.press("Enter")
    assert listed(page) == recommended(agent, [first, second])
    assert page.locator(MINE).count() == 2
    search.focus()
    page.keyboard.type(agent.ratings.titles[7])
    for _ in range(2):  # over Like to Not for me
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert listed(page) == recommended(agent, [first, second], [agent.ratings.titles[7]])


def test_before_any_answer_it_recommends_to_the_average_user(page: Any, agent: DRRRecommender) -> None:
    nothing = agent.ratings.matrix()[:1] * 0
    nothing.eliminate_zeros()
    order = np.argsort(-agent.scores_for(nothing)[0], kind="stable")[:10]
    assert listed(page) == agent.ratings.titles[order].tolist()


def test_each_answer_moves_state_action_and_list(page: Any, agent: DRRRecommender) -> None:
    titles = listed(page)
    page.locator(LIST).nth(2).get_by_role("button", name="I like").click()
    page.locator(LIST).nth(4).get_by_role("button", name="is not for me").click()
    said = page.locator(".island").first.get_by_role("status").last.inner_text()
    moved = [int(share) for share in re.findall(r"(\d+) % of its length|by (\d+) %", said) for share in share if share]
    assert len(moved) == 2 and min(moved) > 0
    assert titles[2] not in listed(page) and len(listed(page)) == 10
    states = page.locator(".island-strip .island-was").evaluate_all("found => found.map(one => one.getAttribute('d'))")
    assert all(states), "what was before stands behind what is now"


def test_another_state_is_another_agent(page: Any) -> None:
    agents = film_lists.agents_of_page()
    title = listed(page)[0]
    page.locator(LIST).first.get_by_role("button", name="I like").click()
    page.get_by_label("The agent's state").select_option("default")
    assert listed(page) == recommended(agents["default"], [title])
    assert "does not look at the state" in page.locator(".island").first.inner_text()
    page.get_by_label("The agent's state").select_option("drr-ave")
    assert listed(page) == recommended(agents["drr-ave"], [title])


def test_why_names_likes_and_answers_can_be_taken_back(page: Any, agent: DRRRecommender) -> None:
    before, liked = listed(page), listed(page)[0]
    page.locator(LIST).first.get_by_role("button", name="I like").click()
    page.locator(LIST).first.get_by_role("button", name="Why").press("Enter")
    assert liked in page.locator(f"{LIST} .island-why").first.inner_text()
    page.get_by_role("button", name="Take back").click()
    assert listed(page) == before and not page.locator(MINE).count()
    page.locator(LIST).first.get_by_role("button", name="is not for me").click()
    page.get_by_role("button", name="Begin anew").click()
    assert listed(page) == before


def test_an_answer_comes_soon(page: Any) -> None:
    times = [page.locator(LIST).first.get_by_role("button", name="I like").evaluate(PRESS) for _ in range(8)]
    assert min(times) < SOON, times


def test_who_uses_keys_stays_where_the_answers_are(page: Any) -> None:
    """What is pressed is made anew with each answer; the focus must not fall back to the top of the page."""
    here = "() => document.activeElement.getAttribute('aria-label') || document.activeElement.id"
    third = page.locator(LIST).nth(2)
    third.get_by_role("button", name="is not for me").press("Enter")
    assert page.evaluate(here) == f"{listed(page)[2]} is not for me"
    third.get_by_role("button", name="I like").press("Enter")
    assert page.evaluate(here) == f"I like {listed(page)[2]}"
    search = page.get_by_label("Find a film you know")
    search.fill(listed(page)[0])
    page.get_by_role("list", name="Films found").first.get_by_role("button", name="I like").first.press("Enter")
    assert page.evaluate(here) == "be-user-search"
    for left in (2, 1, 0):
        page.locator(MINE).first.get_by_role("button").press("Enter")
        focused = page.evaluate(
            "() => [document.activeElement.textContent, document.activeElement.closest('.island') !== null]"
        )
        assert focused[1] and (not left or focused[0] == "Take back")
    title = listed(page)[1]
    page.get_by_label("Find a film, or press").fill(title)
    page.get_by_role("button", name=f"Show {title}").press("Enter")
    for _ in range(2):
        page.get_by_role("button", name="Go there").nth(1).press("Enter")
        assert page.evaluate("document.activeElement.textContent") == "Go there"


@pytest.mark.parametrize("presses", [2, 3])
def test_a_double_or_triple_click_answers_once(page: Any, presses: int) -> None:
    page.locator(LIST).first.get_by_role("button", name="I like").click(click_count=presses)
    assert page.locator(MINE).count() == 1


def test_enter_takes_what_is_shown_and_no_film_that_was_answered(page: Any) -> None:
    search, hits = page.get_by_label("Find a film you know"), page.locator(".island").first.get_by_role("status").first
    title = listed(page)[3]
    page.locator(LIST).nth(3).get_by_role("button", name="is not for me").click()
    search.fill(title)
    assert hits.inner_text() == "You have answered every film with such a title."
    search.press("Enter")
    assert page.locator(MINE).all_inner_texts()[0].startswith(f"✕ {title}") and page.locator(MINE).count() == 1
    search.fill(listed(page)[0].split()[0])
    first = (
        page.get_by_role("list", name="Films found").first.get_by_role("listitem").first.locator("span").inner_text()
    )
    assert f"Enter likes {first}." in hits.inner_text()
    search.press("Enter")
    assert page.locator(MINE).last.inner_text().startswith(f"♥ {first}")
    for label in ("Find a film you know", "Find a film, or press"):
        for nothing in ("no such title", "\U0001f600"):
            page.get_by_label(label).fill(nothing)
            assert page.get_by_text("No film of the data has such a title.").count() == 1
        page.get_by_label(label).fill("  ")
        assert not page.get_by_text("No film of the data has such a title.").count()


def test_what_is_pasted_is_no_longer_than_a_title(page: Any) -> None:
    """A search of many thousand words would take longer than an answer may."""
    for label in ("Find a film you know", "Find a film, or press"):
        page.get_by_label(label).focus()
        page.keyboard.insert_text("a b " * 10_000)
        assert len(page.get_by_label(label).input_value()) <= 100


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("the matrix", ["Matrix, The (1999)"]),
        ("LA confidential", ["L.A. Confidential (1997)"]),
        ("L.A.", ["L.A. Confidential (1997)"]),
        ("schindlers", ["Schindler's List (1993)"]),
        ("schindler\u2019s list", ["Schindler's List (1993)"]),
        ("mash", ["M*A*S*H (1970)"]),
        ("cats and dogs", ["Cats & Dogs (2001)"]),
        ("amelie", ["Amélie (2001)"]),
        ("wars star", ["Star Wars (1977)"]),
        ("bulgarian matrix", []),
        ("!?", []),
    ],
)
def test_titles_are_found_as_people_write_them(page: Any, asked: str, found: list[str]) -> None:
    titles = [
        *("Matrix, The (1999)", "Bulgarian, A (1990)", "L.A. Confidential (1997)", "Schindler's List (1993)"),
        *("M*A*S*H (1970)", "Cats & Dogs (2001)", "Amélie (2001)", "Star Wars (1977)"),
    ]
    search = (
        "([titles, asked]) => drr.filmSession.finder(titles, titles.map(() => 0))(asked, 6).map(item => titles[item])"
    )
    assert page.evaluate(search, [titles, asked]) == found


def test_whoever_answers_a_lot_is_answered_soon(page: Any) -> None:
    for _ in range(30):
        page.locator(LIST).first.get_by_role("button", name="I like").evaluate("button => button.click()")
    assert page.locator(MINE).count() == 30
    why = page.locator(LIST).first.get_by_role("button", name="Why")
    times = [why.evaluate(PRESS) for _ in range(9)]  # every second one folds it in again
    assert min(times[::2]) < SOON, times


def test_the_map_finds_films_and_shows_the_way(page: Any, agent: DRRRecommender) -> None:
    stage = page.locator(".island").nth(1)
    assert stage.locator(".island-ring").count() == 10
    for _ in range(2):
        page.locator(LIST).first.get_by_role("button", name="I like").click()
    assert stage.locator("svg circle.island-liked").count() == 2
    assert stage.locator(".island-trail").get_attribute("d").count("L") == 1
    title = agent.ratings.titles[11]
    page.get_by_label("Find a film, or press").fill(title)
    page.keyboard.press("Enter")
    assert stage.locator(".island-name").inner_html() == title
    vectors = agent.networks.item_vectors().detach().numpy()
    alike = agent.similar_items(agent.ratings.item_ids[11], 6)
    assert len(vectors) == len(agent.ratings.titles)
    shown = stage.locator('ul[aria-label="Films most alike"] li > span').all_inner_texts()
    assert [text.partition(" cosine ")[0].strip() for text in shown] == list(alike["title"])
    assert [float(text.partition(" cosine ")[2]) for text in shown] == pytest.approx(list(alike["score"]), abs=6e-3)
    stage.get_by_role("button", name="Go there").first.click()
    assert stage.locator(".island-name").inner_html() == alike["title"].iloc[0]


def test_a_press_on_the_map_finds_the_nearest_film(page: Any) -> None:
    svg = page.locator(".island-map")
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    svg.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert page.locator(".island-name").count() <= 1
    ring = page.locator(".island-map .island-ring").first.bounding_box()
    page.mouse.click(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    chosen = page.locator(".island-map .island-chosen").bounding_box()
    assert chosen["x"] + chosen["width"] / 2 == pytest.approx(ring["x"] + ring["width"] / 2, abs=3)


def test_the_name_of_a_film_stays_within_the_map(page: Any) -> None:
    """Of each film at an edge of the map, at a phone's width, even with a title of a hundred letters."""
    page.set_viewport_size({"width": 390, "height": 800})
    places = page.evaluate("[...drr.linear.decoded(drr.data.films.arrays[drr.data.films.places])]")
    across, up = np.array(places).reshape(-1, 2).T
    page.evaluate(
        "drr.data.films.items.titles.forEach((one, n, all) => { all[n] = one.padEnd(n % 2 ? 100 : 30, ' mmm'); })"
    )
    svg = page.locator(".island-map")
    for item in {int(found) for found in (across.argmin(), across.argmax(), up.argmin(), up.argmax())}:
        page.get_by_label("Find a film, or press").fill(
            page.evaluate("n => drr.data.films.items.titles[n]", item).split(" mmm")[0]
        )
        page.keyboard.press("Enter")
        name, room = svg.locator(".island-name").bounding_box(), svg.bounding_box()
        assert room["x"] <= name["x"] and name["x"] + name["width"] <= room["x"] + room["width"]
        assert room["y"] <= name["y"] and name["y"] + name["height"] <= room["y"] + room["height"]


def test_without_the_films_stands_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOK_FILMS", str(tmp_path / "nowhere.js"))
    page = islands.PAGE.format(name="be-user", fallback=islands.FALLBACK)
    text = (islands.build(tmp_path, {"page": page}) / "page.html").read_text(encoding="utf-8")
    assert "a table" in text and "data-films" not in text and "islands/loader.js" not in text
