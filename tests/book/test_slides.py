"""Slides of every chapter: all its figures, nothing that leads nowhere, and keys that turn them.

Needs `make book` before, and Chromium.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.book.pages import PAGES, SITE, visit
from tests.book.test_site import parsed

BOOK = SITE / "book"
SLIDES = [page for page in PAGES if page.startswith("book/slides-")]
CHAPTERS = sorted(path.name for path in BOOK.glob("[0-9][0-9]_*.html"))
HERE = """[...document.querySelectorAll("section")]
  .findIndex(slide => slide.getBoundingClientRect().bottom > 2)"""
OUTSIDE = """[...document.querySelectorAll("figure img")]
  .filter(image => image.getBoundingClientRect().width > innerWidth || image.width < 100).length"""
pytestmark = pytest.mark.skipif(not PAGES, reason="needs the built book: make book")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_has_slides_with_its_figures(chapter: str) -> None:
    of_page = {Path(str(image["src"])).name for image in parsed(f"book/{chapter}").images if image.get("alt")}
    slides = parsed(f"book/slides-{chapter}").images
    assert {Path(str(image["src"])).name for image in slides} <= of_page
    captioned = set(re.findall(r"<figure.*?</figure>", (BOOK / chapter).read_text(encoding="utf-8"), re.DOTALL))
    assert len(slides) >= len(captioned) - 1  # one may stand in a fold
    assert all(len(str(image["alt"])) > 40 for image in slides)


@pytest.mark.parametrize("path", SLIDES)
def test_links_of_slides_lead_somewhere(path: str) -> None:
    for link in parsed(path).links:
        target, _, anchor = link.partition("#")
        assert (SITE / path).parent.joinpath(target).exists(), link
        assert not anchor or anchor in parsed(f"book/{target}").ids, link


def test_the_page_for_teachers_links_all_slides() -> None:
    linked = {link for link in parsed("book/teaching.html").links if link.startswith("slides-")}
    assert {f"book/{link}" for link in linked} == set(SLIDES)
    assert {f"slides-{chapter}" for chapter in CHAPTERS} <= linked


@pytest.mark.parametrize("width", [1300, 390])
def test_keys_turn_slides_and_figures_stay_inside(browser: Any, base: str, width: int) -> None:
    page, wrong = visit(browser, base, "book/slides-08_planning.html", viewport={"width": width, "height": 800})
    assert page.evaluate(OUTSIDE) == 0
    places = [page.evaluate(HERE)]
    for key in ("ArrowRight", "PageDown", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        page.wait_for_timeout(400)
        places.append(page.evaluate(HERE))
    page.context.close()
    assert places == [0, 1, 2, 1, 0, 0]
    assert not wrong
