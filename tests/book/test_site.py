"""The built pages, parsed, and opened in a real browser: nothing missing, no error, no request elsewhere.

Needs `make book` before. The browser part needs Chromium (Debian: apt-get install chromium; or CHROMIUM=/path/of/it) and says so without.
"""

import functools
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.book.pages import ALONE, LOOKED_AT, PAGES, SITE, SOURCES, WRITTEN, visit

VIEWS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
pytestmark = pytest.mark.skipif(not PAGES, reason="needs the built book: make book")


class Page(HTMLParser):
    """Images, links and ids of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if found.get("id"):
            self.ids.add(str(found["id"]))
        if tag == "img":
            self.images.append(found)
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))


@functools.cache
def parsed(path: str) -> Page:
    return Page(SITE / path)


@pytest.mark.parametrize("path", WRITTEN)
def test_every_image_has_a_sentence(path: str) -> None:
    for image in parsed(path).images:
        if "logo" not in (image.get("class") or ""):
            text = (image.get("alt") or "").strip()
            assert len(text) > 40 and text.endswith("."), f"{image.get('src')}: {text!r}"


@pytest.mark.parametrize("path", WRITTEN)
def test_no_dead_link_inside(path: str) -> None:
    for link in parsed(path).links:
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link) or "viewcode" in link:
            continue
        file = ((SITE / path).parent / target).resolve() if target else SITE / path
        assert file.exists(), link
        if anchor and file.suffix == ".html":
            assert anchor in parsed(file.relative_to(SITE.resolve()).as_posix() if target else path).ids, link


def test_source_pages_lead_back_to_where_a_name_is_explained() -> None:
    back = [(path, link) for path in SOURCES for link in parsed(path).links if "book/api" in link and "#" in link]
    known = {path: parsed(path).ids for path in PAGES if path.startswith("book/api")}
    lost = [
        (path, link)
        for path, link in back
        if link.partition("#")[2] not in known[link[link.index("book/") :].partition("#")[0]]
    ]
    assert len(back) > 1000
    assert not lost


@pytest.mark.parametrize("path", WRITTEN)
def test_nothing_is_taken_for_a_mail_address(path: str) -> None:
    """HR@10 would be one to Sphinx."""
    assert not [link for link in parsed(path).links if link.startswith("mailto:")]


@pytest.mark.parametrize("path", WRITTEN)
def test_an_id_stands_once_on_a_page(path: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', (SITE / path).read_text(encoding="utf-8"))
    assert not {name for name in ids if ids.count(name) > 1}


@pytest.mark.parametrize("path", [page for page in PAGES if re.match(r"book/\d\d_", page)])
def test_every_chapter_shows_its_outputs(path: str) -> None:
    text = (SITE / path).read_text(encoding="utf-8")
    assert text.count('class="cell_output') >= 3
    assert "Traceback" not in text
    assert "glue:" not in text
    assert "not measured yet" not in text, "a chapter without its run time: python tests/benchmarks/runtimes.py"
    assert "{{ time_" not in text, "a substitution that was not made"
    assert "cell_input" in text
    assert text.count("Show the solution") >= 3


@pytest.mark.parametrize("path", sorted((SITE / "_sources" / "book").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_download_button_gives_the_notebook_for_readers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"\{(?:doc|glue:text|cite:\w|numref)\}`", text)
    assert "remove-cell" not in text


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("path", [page for page in LOOKED_AT if not page.startswith("_modules")])
def test_in_the_browser(browser: Any, base: str, path: str, view: str) -> None:
    page, wrong = visit(browser, base, path, **VIEWS[view])
    assert not wrong
    theme = page.evaluate("document.documentElement.dataset.theme")
    assert theme == (None if path.startswith(ALONE) else "dark" if view == "dark" else "light")
    assert page.locator("mjx-container").count() == page.locator(".math").count(), "a formula is not typeset"
    page.context.close()
