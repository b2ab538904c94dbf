"""A question's choices stand in the open, on the pages as in the readers' notebooks; the answer is folded."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.utils import new_document

ROOT = Path(__file__).parents[2]


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(ROOT / "book" / "_ext"), *sys.path])
    return importlib.import_module("drr_questions")


def fold(title: str, *inside: nodes.Node) -> nodes.document:
    document = new_document("a page")
    document += nodes.container("", nodes.rubric("", title), *inside, design_component="dropdown", has_title=True)
    return document


def choice(text: str, verdict: str, reason: str) -> nodes.paragraph:
    code = nodes.literal("", "gamma")
    return nodes.paragraph(
        "", "", nodes.Text(text), code, nodes.Text(" counts. — "), nodes.emphasis("", verdict), nodes.Text(reason)
    )


def opened(extension: Any, document: nodes.document) -> list[nodes.Element]:
    extension.open_choices(None, document)
    return list(document.children)  # type: ignore[arg-type]


@pytest.mark.parametrize("listed", [True, False])
def test_question_and_choices_stand_before_the_fold_and_reasons_in_it(extension: Any, listed: bool) -> None:
    two = [choice("a) Only ", "Wrong, because", " no."), choice("b) Not ", "Right, because", " yes.")]
    inside = [nodes.bullet_list("", *(nodes.list_item("", one) for one in two))] if listed else two
    question, choices, answer = opened(extension, fold("What counts?", *inside))
    assert (question.astext(), question[0].tagname) == ("What counts?", "strong")
    assert [one.astext() for one in choices.findall(nodes.paragraph)] == [
        "a) Only gamma counts.",
        "b) Not gamma counts.",
    ]
    assert answer[0].astext() == "Answer"
    assert all("choices" in one["classes"] for one in (choices, *answer.findall(nodes.bullet_list)))
    assert [one.astext() for one in answer.findall(nodes.paragraph)] == [
        "a) Wrong, because no.",
        "b) Right, because yes.",
    ]
    assert len(list(choices.findall(nodes.literal))) == 2
    assert not list(answer.findall(nodes.literal))


@pytest.mark.parametrize(
    "inside",
    [
        [nodes.paragraph("", "The powers of one half.")],
        [choice("a) Only ", "Wrong, because", " no."), nodes.paragraph("", "And more.")],
        [choice("Only ", "Wrong, because", " no.")],
        [],
    ],
    ids=["a hint", "words beside choices", "no letter", "nothing"],
)
def test_any_other_fold_stays(extension: Any, inside: list[nodes.Node]) -> None:
    document = fold("Hint", *inside)
    before = document.pformat()
    assert len(opened(extension, document)) == 1
    assert document.pformat() == before
