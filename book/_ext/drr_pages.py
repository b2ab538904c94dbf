"""What a page says of itself: its description and card for those who link to it, when it was last changed, and the page
for an address that is not there.
"""

import functools
import os
import re
import subprocess
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from docutils import nodes

ROOT = Path(__file__).parents[2]
CARD = "_static/card.png"
ICON = ROOT / "book" / "static" / "favicon.svg"
LONGEST = 200  # characters: what a card has room for
NOT_CITED = (nodes.Admonition, nodes.figure, nodes.table, nodes.list_item, nodes.footnote)


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("config-inited", own_address)
    app.connect("html-collect-pages", page_not_found)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", stamp)
    app.connect("html-page-context", mend_roles)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def own_address(app: Any, config: Any) -> None:
    """Where the pages will be, if BOOK_ADDRESS says so: cards and the page for a wrong address need it in full."""
    address = os.environ.get("BOOK_ADDRESS", "").rstrip("/")
    if address:
        config.html_baseurl = f"{address}/"


def describe(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Description and card of a page, in its head."""
    title = re.sub(r"<[^>]+>", "", context.get("title") or "") or app.config.html_title
    text = first_words(doctree) or f"{title}: a page of the book {app.config.html_title}."
    card = app.config.html_baseurl + CARD if app.config.html_baseurl else context["pathto"](CARD, resource=True)
    said = {"og:title": title, "og:description": text, "og:type": "article", "og:image": card}
    said["og:site_name"] = app.config.html_title
    tags = [f'<meta name="description" content="{escape(text)}" />']
    tags += [f'<meta property="{name}" content="{escape(value)}" />' for name, value in said.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image" />')
    context["metatags"] = "\n    ".join([context.get("metatags") or "", *tags])


def first_words(doctree: Any) -> str:
    """The first paragraph of running text, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree is not None else ():
        text = re.sub(r"\s+", " ", paragraph.astext()).strip()
        if len(text) > 40 and not any(isinstance(above, NOT_CITED) for above in parents(paragraph)):
            return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
    return ""


def parents(node: Any) -> list[Any]:
    """All that a node stands in."""
    return [] if node.parent is None else [node.parent, *parents(node.parent)]


def stamp(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """The day on which a page's source was changed last; none where git does not know it."""
    suffix = ".py" if page.startswith("_modules/") else context.get("page_source_suffix", "")
    context["last_updated"] = days_of_changes().get(page.removeprefix("_modules/") + suffix)


def mend_roles(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """A fold is called what stands on it, and a list of references claims no items that it does not have."""
    for wrong in (' aria-label="Toggle hidden content"', ' role="list"'):
        context["body"] = context.get("body", "").replace(wrong, "")
    if page == "_modules/index":
        context["body"] = nested(context["body"])


def nested(lists: str) -> str:
    """Sphinx's list of modules, with the list of a package inside the package's item instead of below it."""
    items, _, after = lists.replace("</li>\n<ul>", "\n<ul>").rpartition("</ul>")
    return items.replace("</ul>", "</ul></li>") + "</ul>" + after


@functools.cache
def days_of_changes() -> dict[str, str]:
    """Of each file that git knows: the day of its latest commit. Empty without git; a shallow clone knows one."""
    command = ["git", "-c", "core.quotePath=off", "log", "--format=@%cs", "--name-only", "--no-renames"]
    try:
        log = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    days: dict[str, str] = {}
    day = ""
    for line in log.splitlines():
        if line.startswith("@"):
            day = line[1:]
        elif line:
            days.setdefault(line, day)
    return days


def page_not_found(app: Any) -> list[tuple[str, dict[str, Any], str]]:
    """`404.html`, which forges and most servers show for an address that is not there."""
    shown = {"title": "No such page", "base": app.config.html_baseurl or "/", "chapters": chapters(app)}
    icon = "data:image/svg+xml," + quote(ICON.read_text(encoding="utf-8"))  # inside: no address would do for any depth
    return [("404", shown | {"book": app.config.html_title, "icon": icon}, "404.html")]


def chapters(app: Any) -> list[tuple[str, str]]:
    """Address and title of each page that stands in the contents."""
    found = app.env.found_docs & set(app.env.titles)
    order = [name for name in app.env.toctree_includes.get(app.config.root_doc, []) if name in found]
    return [(app.builder.get_target_uri(name), app.env.titles[name].astext()) for name in [app.config.root_doc, *order]]
