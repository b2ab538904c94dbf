"""The built pages, parsed, and opened in a real browser: nothing missing, no error, no request elsewhere, no sideways scroll.

Needs `make book` before. The browser part needs Chromium (Debian: apt-get install chromium; or CHROMIUM=/path/of/it) and says so without.
"""

import functools
import http.server
import os
import re
import shutil
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

SITE = Path(__file__).parents[2] / "_build" / "html"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
VIEWS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts and b'http-equiv="Refresh"' not in path.read_bytes()
)
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


OURS = [page for page in PAGES if not page.startswith(("_modules", "genindex", "py-modindex", "search"))]


@pytest.mark.parametrize("path", OURS)
def test_every_image_has_a_sentence(path: str) -> None:
    for image in parsed(path).images:
        if "logo" not in (image.get("class") or ""):
            text = (image.get("alt") or "").strip()
            assert len(text) > 40 and text.endswith("."), f"{image.get('src')}: {text!r}"


@pytest.mark.parametrize("path", OURS)
def test_no_dead_link_inside(path: str) -> None:
    for link in parsed(path).links:
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link) or "viewcode" in link:
            continue
        file = ((SITE / path).parent / target).resolve() if target else SITE / path
        assert file.exists(), link
        if anchor and file.suffix == ".html":
            assert anchor in parsed(file.relative_to(SITE.resolve()).as_posix() if target else path).ids, link


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


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("needs Chromium: apt-get install chromium, or CHROMIUM=/path/of/it")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


def visit(browser: Any, base: str, path: str, view: str) -> tuple[Any, list[str]]:
    """The opened page, and everything that went wrong."""
    page, wrong = browser.new_context(**VIEWS[view]).new_page(), []

    def route(found: Any) -> None:
        url = found.request.url
        if url.startswith((base, "data:", "blob:")):
            found.continue_()
        else:
            wrong.append(f"asks for {url}")
            found.abort()

    page.route("**/*", route)
    page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
    page.on("console", lambda message: wrong.append(f"console: {message.text}") if message.type == "error" else None)
    page.on("response", lambda found: wrong.append(f"{found.status} {found.url}") if found.status >= 400 else None)
    page.goto(base + path, wait_until="load")
    page.evaluate("window.MathJax && MathJax.startup ? MathJax.startup.promise.then(() => 1) : 1")
    page.wait_for_timeout(200)
    return page, wrong


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("path", [page for page in PAGES if not page.startswith("_modules")])
def test_in_the_browser(browser: Any, base: str, path: str, view: str) -> None:
    page, wrong = visit(browser, base, path, view)
    assert not wrong
    assert page.evaluate("document.documentElement.dataset.theme") == ("dark" if view == "dark" else "light")
    assert page.locator("mjx-container").count() == page.locator(".math").count(), "a formula is not typeset"
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 1, "scrolls sideways"
    page.context.close()
