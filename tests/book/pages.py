"""The built pages, and how a browser without a network visits them."""

import os
import shutil
from pathlib import Path
from typing import Any

SITE = Path(__file__).parents[2] / "_build" / "html"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts and b'http-equiv="Refresh"' not in path.read_bytes()
)
ALONE = ("404", "book/slides-")  # pages with a look of their own, which the theme does not dress
MADE = ("_modules", "genindex", "py-modindex", "search", *ALONE)  # by Sphinx, not written
WRITTEN = [page for page in PAGES if not page.startswith(MADE)]
SOURCES = [page for page in PAGES if page.startswith("_modules/drr_tutorial")]
ALIKE = [page for page in PAGES if page.startswith("book/slides-")]
EACH = [page for page in PAGES if page not in SOURCES and page not in ALIKE]
LOOKED_AT = PAGES if os.environ.get("EVERY_PAGE") else [*EACH, *SOURCES[::24], *ALIKE[::8]]
"""Pages of source code are all made alike, and so are slides: some of them, unless EVERY_PAGE=1 asks for all, which takes
minutes more.
"""


def visit(browser: Any, base: str, path: str, **context: Any) -> tuple[Any, list[str]]:
    """The opened page, and everything that went wrong. Nothing but the book's own server answers."""
    page, wrong = browser.new_context(**context).new_page(), []

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
