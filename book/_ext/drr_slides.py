"""Slides of each chapter, made of the chapter: what it teaches, its figures and equations, what to remember. A file a
chapter, beside its page, which needs no network and prints one slide a sheet.
"""

import json
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive

FIRST, LAST = "What you will learn", "What to remember"
AT_MOST = 2  # equations a slide
PREFIX = "slides-"
Slide = dict[str, str]  # "title" and "body", of HTML


class SlidesList(Directive):
    """`{slides}`: a link to the slides of every chapter."""

    def run(self) -> list[nodes.Node]:
        """A mark; what it becomes is known when all pages are written."""
        return [SlidesMark()]


class SlidesMark(nodes.General, nodes.Element):
    """Where the list will stand."""


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("slides", SlidesList)
    app.add_node(SlidesMark, **dict.fromkeys(("html", "latex", "text", "man", "texinfo"), (enter, leave)))
    app.connect("doctree-resolved", put_links)
    app.connect("html-collect-pages", pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def enter(writer: Any, node: nodes.Node) -> None:
    """A mark that nothing has replaced shows nothing."""
    raise nodes.SkipNode


def leave(writer: Any, node: nodes.Node) -> None:
    """Nothing was opened."""


def put_links(app: Any, doctree: nodes.document, name: str) -> None:
    """Links in the place of each mark."""
    for mark in list(doctree.findall(SlidesMark)):
        links = nodes.bullet_list()
        for chapter in chapters(app):
            title, folder = app.env.titles[chapter].astext(), chapter.rpartition("/")[2]
            link = nodes.reference("", title, refuri=f"{PREFIX}{folder}.html", internal=True)
            links += nodes.list_item("", nodes.paragraph("", "", link))
        mark.replace_self(links if app.builder.format == "html" else [])


def chapters(app: Any) -> list[str]:
    """Names of the pages that tell what they teach, in the order of the contents."""
    order = app.env.toctree_includes.get(app.config.root_doc, [])
    return [name for name in order if section_of(app.env.get_doctree(name), FIRST) is not None]


def pages(app: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each chapter's slides, as Sphinx takes pages that have no source."""
    for name in chapters(app):
        folder, _, stem = name.rpartition("/")
        app.builder.current_docname, app.builder.imgpath = name, "../_images"
        doctree = app.env.get_and_resolve_doctree(name, app.builder)
        shown = {
            "title": app.env.titles[name].astext(),
            "book": app.config.html_title,
            "chapter": f"{stem}.html",
            "slides": list(slides(app, doctree)),
            "mathjax": json.dumps(app.config.mathjax3_config),
        }
        yield f"{folder}/{PREFIX}{stem}", shown, "slides.html"


def slides(app: Any, doctree: nodes.document) -> Iterator[Slide]:
    """What it teaches; a slide a figure, and one for each few equations of a section; what to remember."""
    yield from listed(app, doctree, FIRST)
    for section in doctree.findall(nodes.section):
        title = heading(section)
        if title in (FIRST, LAST):
            continue
        equations = own(section, nodes.math_block)
        for start in range(0, len(equations), AT_MOST):
            yield slide(app, title, *equations[start : start + AT_MOST])
        for figure in own(section, nodes.figure):
            yield slide(app, title, figure)
    yield from listed(app, doctree, LAST)


def listed(app: Any, doctree: nodes.document, title: str) -> Iterator[Slide]:
    """The points of a section."""
    section = section_of(doctree, title)
    if section is not None:
        yield from (slide(app, title, points) for points in own(section, nodes.bullet_list))


def slide(app: Any, title: str, *parts: nodes.Node) -> Slide:
    """Rendered as on the chapter's page; links within that page lead there."""
    body = "".join(app.builder.render_partial(part.deepcopy())["body"] for part in parts)
    chapter = app.builder.current_docname.rpartition("/")[2]
    return {"title": title, "body": body.replace('href="#', f'href="{chapter}.html#')}


def section_of(doctree: nodes.document, title: str) -> nodes.section | None:
    """The section of that heading."""
    return next((section for section in doctree.findall(nodes.section) if heading(section) == title), None)


def own(section: nodes.section, kind: type[nodes.Element]) -> list[Any]:
    """Nodes of a kind that stand in the section itself, in none below it, in no exercise and no fold."""
    return [part for part in section.findall(kind) if _nearest(part) is section]


def _nearest(part: nodes.Node) -> nodes.Node | None:
    above = part.parent
    while above is not None and not isinstance(above, nodes.section):
        if isinstance(above, nodes.Admonition) or "exercise" in type(above).__name__ or is_fold(above):
            return None
        above = above.parent
    return above


def is_fold(node: nodes.Node) -> bool:
    """Whether it opens with a click."""
    return isinstance(node, nodes.Element) and node.get("design_component") == "dropdown"


def heading(section: nodes.section) -> str:
    """Its first title."""
    return next((part.astext() for part in section.children if isinstance(part, nodes.title)), "")
