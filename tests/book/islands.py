"""Pages with one island each, made by Sphinx in a folder of their own, and opened from there as from a disk."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXTENSIONS = ROOT / "book" / "_ext"
CONFIG = """
import sys
sys.path.insert(0, {extensions!r})
extensions = ["myst_parser", "drr_islands"]
html_theme = "sphinx_book_theme"
html_context = {{"default_mode": "auto"}}
html_static_path = [{static!r}]
html_css_files = ["drr.css"]
html_js_files = [["drr.js", {{"defer": "defer"}}]]
myst_enable_extensions = ["colon_fence"]
"""
FALLBACK = "| what stands in its place | likes |\n|---|---|\n| a table | 1 |"
PAGE = "# The page of {name}\n\nWords before.\n\n:::{{island}} {name}\n:alt: You try the island.\n\n{fallback}\n:::\n"
SERIOUS = """axe.run(".island", {resultTypes: ["violations"], preload: false}).then(({violations}) => violations
  .filter(({impact}) => ["serious", "critical"].includes(impact))
  .map(({id, nodes}) => [id, nodes.length, nodes[0].target.join(" "), nodes[0].failureSummary]))"""


def extension() -> Any:
    """The module `drr_islands`, as Sphinx finds it: with its own beside it."""
    if str(EXTENSIONS) not in sys.path:
        sys.path.insert(0, str(EXTENSIONS))
    return importlib.import_module("drr_islands")


def build(folder: Path, pages: dict[str, str]) -> Path:
    """The built pages' folder, of these pages' texts by name."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    source, out = folder / "source", folder / "html"
    source.mkdir(exist_ok=True)
    config = CONFIG.format(extensions=str(EXTENSIONS), static=str(ROOT / "book" / "static"))
    (source / "conf.py").write_text(config, encoding="utf-8")
    names = "\n".join(pages)
    (source / "index.md").write_text(f"# Pages\n\n```{{toctree}}\n{names}\n```\n", encoding="utf-8")
    for name, text in pages.items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")
    with docutils_namespace():
        Sphinx(source, source, out, folder / "doctrees", "html", status=None, warning=None, warningiserror=True).build()
    return out


def open_island(browser: Any, folder: Path, name: str, **context: Any) -> tuple[Any, list[str]]:
    """The page of an island, opened from the disk, and everything that goes wrong there. Close `page.context`."""
    page, wrong = browser.new_context(**context).new_page(), []
    page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
    page.on("console", lambda message: wrong.append(f"console: {message.text}") if message.type == "error" else None)
    page.on(
        "request", lambda found: None if found.url.startswith(("file:", "data:", "blob:")) else wrong.append(found.url)
    )
    page.goto((folder / f"{name}.html").as_uri(), wait_until="load")
    return page, wrong


def live(page: Any) -> Any:
    """The island's own part, once it is there; it is brought into sight."""
    page.locator(".island").scroll_into_view_if_needed()
    page.wait_for_selector(".island[data-state=live]")  # half a minute, on a busy machine
    return page.locator(".island-stage")


def opened(browser: Any, folder: Path, name: str) -> Iterator[Any]:
    """For a fixture: the page of an island that is live. Nothing may have gone wrong there by the end of a test."""
    page, wrong = open_island(browser, folder, name)
    live(page)
    yield page
    page.context.close()
    assert not wrong
