"""Each construct of the book's Markdown, as plain Markdown."""

import base64
from pathlib import Path

import pytest

from drr_tutorial.lab.notebooks.links import Links
from drr_tutorial.lab.notebooks.markdown import plain_markdown
from drr_tutorial.lab.notebooks.source import prose
from tests.lab.notebooks.book import context, page


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("{glue:text}`hits:.3f` of {glue:text}`films:,` {glue:text}`gain:+.2f`", "0.123 of 1,682 +0.50"),
        ("{glue:text}`films` films, {glue:text}`words`, {glue:text}`gain:.0%`", "1682 films, more than ever, 50%"),
        ("Time: {{ time_5 }}.", "Time: about 10 minutes."),
        ("{cite:t}`many` and {cite:t}`two`", "Liu et al. (2018) and Watkins and Dayan (1992)"),
        ("PMF (a model, {cite:t}`one`) of {cite:t}`one`", "PMF (a model, Bellman, 1957) of Bellman (1957)"),
        ("so {cite}`one`, {cite:p}`one,many`", "so (Bellman, 1957), (Bellman, 1957; Liu et al., 2018)"),
        ("{doc}`01_loop`, {doc}`word <glossary>`", "[The loop](01_loop.ipynb), [word](glossary.md)"),
        ("{doc}`reference <api>`, {doc}`api`", "reference, reference of the package"),
        ("{py:class}`~a.b.C`, {py:class}`a.b.C`, {py:func}`~a.f`", "`C`, `a.b.C`, `f()`"),
        ("{py:meth}`fit <a.C.fit>` of {py:mod}`a.b`", "`fit()` of `a.b`"),
        ("by {eq}`eq-1-a`", "by [(1.1)](01_loop.ipynb)"),
        ("{term}`policy`, {term}`a policy <policy>`", "policy, a policy"),
        ("in code `{doc}` and ``a `{cite}` b`` stay", "in code `{doc}` and ``a `{cite}` b`` stay"),
        ("x^{{t}} and {a}", "x^{{t}} and {a}"),
        ("it is <!-- figures: a -->0.5<!-- end -->, so", "it is 0.5, so"),
        ("<!-- figures: a -->\n| a |\n|---|\n<!-- end -->\n", "| a |\n|---|"),
        ("(target)=\n# A\n% comment\n+++\ntext", "# A\ntext"),
        ("`a`\n: first,\n  more\n\n`b`\n: second", "- `a`: first,\n  more\n\n- `b`: second"),
        ("| a | b |\n|---|---|\n| {glue:text}`films` | $x$ |", "| a | b |\n|---|---|\n| 1682 | $x$ |"),
        ("```python\n{doc}`x` {{ time_5 }}\n:::\n```", "```python\n{doc}`x` {{ time_5 }}\n:::\n```"),
        ("```{code-block} sh\nls\n```", "```sh\nls\n```"),
        (":::{note}\nMind {cite}`one`.\n\n- a\n:::", "> **Note**\n>\n> Mind (Bellman, 1957).\n>\n> - a"),
        (":::{admonition} A *b*\n:class: note\ntext\n:::", "> **A *b***\n>\n> text"),
    ],
)
def test_plain(source: str, plain: str) -> None:
    assert plain_markdown(source, context()) == plain


def test_labelled_formulas_get_the_numbers_that_the_text_refers_to() -> None:
    source = "$$ a $$ (eq-5-a)\n\n$$ b $$\n\n$$\nc\n$$ (eq-5-c)\n\nBy {eq}`eq-5-c`, not {eq}`eq-5-a`."
    plain = "$$ a \\tag{5.1} $$\n\n$$ b $$\n\n$$\nc\n\\tag{5.2}\n$$\n\nBy (5.2), not (5.1)."
    assert plain_markdown(source, context(page(prose(source, "a")))) == plain


def test_an_exercise_is_a_heading_and_its_hint_is_folded() -> None:
    source = (
        ":::{exercise} By *hand*\n:label: ex-5-1\n\nAdd.\n:::\n:::{dropdown} Hint of {cite}`one`\nOne:\n\n- $2$\n:::"
    )
    assert plain_markdown(source, context(page(prose(source, "a")))) == (
        "### Exercise 5.1: By *hand*\n\nAdd.\n\n"
        "<details>\n<summary>Hint of (Bellman, 1957)</summary>\n\nOne:\n\n- $2$\n\n</details>"
    )


@pytest.mark.parametrize("point", ["", "- "])
def test_of_a_question_the_choices_stand_open_and_the_answer_is_folded(point: str) -> None:
    source = (
        ":::{dropdown} Why $2$?\n"
        f"{point}a) No. — *Wrong, because* `x`\n  is 1.\n\n{point}b) Yes: a) is 1. — *Right, because* it is.\n:::"
    )
    assert plain_markdown(source, context()) == (
        "**Why $2$?**\n\n- a) No.\n- b) Yes: a) is 1.\n\n<details>\n<summary>Answer</summary>\n\n"
        "- a) *Wrong, because* `x` is 1.\n- b) *Right, because* it is.\n\n</details>"
    )


def test_a_fold_that_begins_with_words_stays_whole() -> None:
    source = ":::{dropdown} Why?\nFirst.\n\na) No. — *Right, because* x.\n:::"
    assert "<summary>Why?</summary>\n\nFirst." in plain_markdown(source, context())


def test_an_island_is_a_link_to_its_page_and_what_stands_in_its_place() -> None:
    source = ":::{island} tiny-play\n:alt: You recommend.\n\n| {glue:text}`films` |\n|---|\n| a |\n:::"
    place = "| 1682 |\n|---|\n| a |"
    plain = f"*You recommend. It answers in the built book, chapter 5. In its place:*\n\n{place}"
    assert plain_markdown(source, context()) == plain
    links = Links(address="https://book.example/")
    online = "[the page online](https://book.example/book/05_training.html)"
    assert online in plain_markdown(source, context(links=links))


def test_blocks_inside_blocks() -> None:
    source = "::::{dropdown} Answer\n:::{note}\nSee:\n:::\n```python\n1 + 1\n```\n::::"
    inside = "> **Note**\n>\n> See:\n\n```python\n1 + 1\n```"
    assert plain_markdown(source, context()) == f"<details>\n<summary>Answer</summary>\n\n{inside}\n\n</details>"


FIGURE = "```{figure} images/a.svg\n:name: fig-5-a\n:alt: Boxes [two].\n:width: 60%\n\nA loop, by {cite:t}`one`.\n```"


def test_a_figure_is_a_picture_with_its_number_and_caption() -> None:
    of = page(prose(f"{FIGURE}\n\n{{numref}}`fig-5-a` and {{numref}}`figure %s <fig-5-a>`", "a"))
    assert plain_markdown(str(of.cells[0]["source"]), context(of)) == (
        "![Boxes \\[two\\].](images/a.svg)\n\n**Figure 5.1.** A loop, by Bellman (1957).\n\nFigure 5.1 and figure 5.1"
    )


def test_pages_without_a_chapter_number_count_from_one() -> None:
    assert "**Figure 1.**" in plain_markdown(FIGURE, context(page(prose(FIGURE, "a"), name="intro")))


def test_a_notebook_alone_has_its_pictures_inside_and_links_to_the_pages(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.svg").write_bytes(b"<svg/>")
    of = page(prose(FIGURE, "a"))
    links = Links(address="https://book.example/", alone=True, pictures=tmp_path)
    plain = plain_markdown(f"{FIGURE}\n\n{{doc}}`01_loop`", context(of, links=links))
    assert f"(data:image/svg+xml;base64,{base64.b64encode(b'<svg/>').decode()})" in plain
    assert plain.endswith("[The loop](https://book.example/book/01_loop.html)")
    unpublished = context(of, links=Links(address="", alone=True, pictures=tmp_path))
    assert plain_markdown("{doc}`01_loop`", unpublished) == "*The loop*"
    said = {
        "{doc}`above <01_loop>`": "*above* (chapter 1)",
        "{doc}`chapter 1 <01_loop>`": "*chapter 1*",
        "{doc}`the 10 loops <01_loop>`": "*the 10 loops* (chapter 1)",
        "{eq}`eq-1-a`": "*(1.1)*",
        "{doc}`words <glossary>`": "*words* (page “Glossary”)",
    }
    assert {source: plain_markdown(source, unpublished) for source in said} == said


def test_where_pages_are_published_those_of_markdown_are_linked_there() -> None:
    links = Links(address="https://book.example", up="../")
    plain = plain_markdown("{doc}`01_loop`, {doc}`glossary`", context(links=links))
    assert plain == "[The loop](../01_loop.ipynb), [Glossary](https://book.example/book/glossary.html)"


def test_a_glossary_and_a_bibliography_are_lists() -> None:
    source = (
        "```{glossary}\nActor\n    What acts.\n    {doc}`01_loop`\n\nAgent\n    Whoever.\n```\n\n```{bibliography}\n```"
    )
    assert plain_markdown(source, context()) == (
        "- **Actor**: What acts. [The loop](01_loop.ipynb)\n- **Agent**: Whoever.\n\n"
        "- Bellman (1957): Programming.\n- Liu et al. (2018): DRR.\n- Watkins and Dayan (1992): Q. Learning."
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{glue:text}`nothing`", "no cell of this notebook stored a number called 'nothing'"),
        ("{cite}`nobody`", "references.bib has no source 'nobody'"),
        ("{doc}`99_nowhere`", "05_training: there is no page '99_nowhere'"),
        ("{eq}`eq-9-a`", "05_training: nothing is labelled 'eq-9-a'"),
        ("{fancy}`a`", "05_training: no plain words are known for the role {fancy}"),
        (":::{fancy}\n:::", "05_training: no plain form is known for {fancy}"),
        (":::{note}\nopen", "a block that nothing closes"),
    ],
)
def test_what_is_not_known_is_refused(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plain_markdown(source, context())


def test_plain_markdown_stays_as_it_is() -> None:
    source = f"# A\n\n{FIGURE}\n\n:::{{dropdown}} B\n$$ a $$ (eq-5-a)\n:::\n\n:::{{note}}\nc\n:::"
    once = plain_markdown(source, context(page(prose(source, "a"))))
    assert plain_markdown(once, context()) == once
