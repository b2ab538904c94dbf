"""A question of "Check yourself" with its choices in the open; what is right, and why, is folded below them."""

import re
from typing import Any

from docutils import nodes

LETTER = re.compile(r"[a-z]\) ")
VERDICT = re.compile(r"(?:Right|Wrong), because")


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-read", open_choices)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def open_choices(app: Any, doctree: nodes.document) -> None:
    """Put question and choices before the fold of each question, which then holds the answer."""
    for fold in list(doctree.findall(is_question)):
        title = fold[0]
        question = nodes.paragraph("", "", nodes.strong("", "", *title.children))
        title.children = []
        title += nodes.Text("Answer")
        choices = [taken_out(paragraph) for paragraph in fold.findall(nodes.paragraph)]
        items = (nodes.list_item("", nodes.paragraph("", "", *choice)) for choice in choices)
        for listed in fold.findall(nodes.bullet_list):
            listed["classes"].append("choices")
        fold.replace_self([question, nodes.bullet_list("", *items, classes=["choices"]), fold])


def is_question(node: nodes.Node) -> bool:
    """Whether it is a fold in which each paragraph is a choice with its reason."""
    if not isinstance(node, nodes.Element) or node.get("design_component") != "dropdown" or not node.get("has_title"):
        return False
    paragraphs = list(node.findall(nodes.paragraph))
    return bool(paragraphs) and all(
        verdict_of(paragraph) and LETTER.match(paragraph.astext()) for paragraph in paragraphs
    )


def verdict_of(paragraph: nodes.paragraph) -> nodes.Node | None:
    """The words "Right, because" or "Wrong, because" after a dash."""
    found = (part for part in paragraph.children if isinstance(part, nodes.emphasis) and VERDICT.match(part.astext()))
    return next(found, None)


def taken_out(paragraph: nodes.paragraph) -> list[nodes.Node]:
    """The choice that a paragraph begins with; its letter and the reason stay."""
    place = paragraph.index(verdict_of(paragraph))
    choice = paragraph.children[:place]
    choice[-1] = nodes.Text(re.sub(r"\s+—\s+$", "", choice[-1].astext()))
    paragraph.children = [nodes.Text(choice[0].astext()[:3]), *paragraph.children[place:]]
    paragraph.children[0].parent = paragraph
    return choice
