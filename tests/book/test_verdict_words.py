"""Who is ahead of whom is not typed: a verdict beside the name of a method comes from what was computed, by glue.

Results change when they are made anew. A typed "DRR is ahead of iALS" would stay.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest

from drr_tutorial.lab.sentences import WORDS

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PAGES = [ROOT / "README.md", *sorted(BOOK.glob("*.md")), *sorted(BOOK.glob("*.ipynb"))]


def form(phrase: str) -> str:
    """A phrase as a pattern: "is ahead of" is also "are ahead of" and "is far ahead of"."""
    verb, rest = phrase.split(" ", 1)
    return rf"\b(?:{verb}|are) (?:\w+ )?{rest}\b"


BOLD = rf"\*\*[^*\n]*\b(?:{'|'.join(WORDS)})\b[^*\n]*\*\*"
OTHER_WORDS = r"\b(?:beats|loses to|better than|worse than|outperforms)\b"
VERDICT = re.compile("|".join([*map(form, WORDS.values()), BOLD, OTHER_WORDS]))
# What no page types: values that a page computes, what a script writes between its marks, code, and formulas.
MADE = re.compile(r"\{glue:text\}`[^`]*`|<!-- figures: .*?<!-- end -->|^```.*?^```|`[^`]*`|\$[^$]*\$", re.DOTALL | re.M)
SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n\s*\n|\n(?=\s*(?:[-*#|]|\d+\. ))")

# A typed verdict that may stand, and what carries it.
EXCEPTIONS = {
    ("15_winning.ipynb", "That is far ahead of iALS"): "a claim of the hidden cell above: the intervals lie apart",
    ("06_evaluation.ipynb", "item-kNN () beats EASE ()"): "claims of the hidden cell above: the paired intervals",
    ("06_evaluation.ipynb", "**The agent beats popularity**"): "a claim of the hidden cell above: both intervals",
    ("06_evaluation.ipynb", "They say that the agent orders films"): "the same claim",
    ("06_evaluation.ipynb", "- Our agent clearly beats popularity."): "the same claim",
    ("06_evaluation.ipynb", ":::{dropdown} An agent beats iALS by a third"): "a case that is made up, for a question",
    ("14_clinic.ipynb", "The sign of this defect"): "a claim of the hidden cell above: the interval",
    (
        "16_past_one_table.ipynb",
        "— *Wrong, because* the trained networks",
    ): "the ledger's first row, which a test compares",
    ("from_the_original.md", "| It loses to popularity |"): "a claim of chapter 15, and glued in chapter 12",
    ("ledger.md", "| It is better than PMF"): "the last column, which a test compares with the result file",
    ("ledger.md", "| DRR-ave is better than DRR-p"): "the same",
}


def names_of_methods() -> re.Pattern[str]:
    """The names of the fair table, without what follows a comma: "EASE, dislikes last" is a kind of EASE."""
    tables = json.loads((BOOK / "results" / "fair-table.json").read_text(encoding="utf-8"))["summary"]
    methods = {name for data in ("ml-100k", "ml-1m") for table in tables[data].values() for name in table["methods"]}
    names = {re.split(r",|-ave| next| simple", method)[0] for method in methods}
    return re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(names)), re.IGNORECASE)


METHOD = names_of_methods()


def markdown(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def typed_verdicts(text: str) -> list[str]:
    """The sentences of a page that type a verdict and the name of a method."""
    sentences = [" ".join(sentence.split()) for sentence in SENTENCE.split(MADE.sub("", text))]
    return [sentence for sentence in sentences if VERDICT.search(sentence) and METHOD.search(sentence)]


def test_the_methods_are_those_of_the_fair_table() -> None:
    assert all(METHOD.fullmatch(name) for name in ("DRR", "iALS", "EASE", "item-kNN", "popularity", "BPR"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_verdict_on_a_method_is_typed(path: Path) -> None:
    allowed = [start for page, start in EXCEPTIONS if page == path.name]
    assert not [found for found in typed_verdicts(markdown(path)) if not found.startswith(tuple(allowed))]


@pytest.mark.parametrize(("page", "start"), EXCEPTIONS)
def test_every_exception_is_still_needed(page: str, start: str) -> None:
    assert any(found.startswith(start) for found in typed_verdicts(markdown(BOOK / page)))


@pytest.mark.parametrize(
    "planted",
    [
        "By `full`, DRR is ahead of EASE.",
        "On MovieLens 1M iALS\nis behind popularity, and nobody saw it.",
        "DRR and BPR cannot be told from item-kNN.",
        "By every protocol DRR is far ahead of the best bar.",
        "- `unseen`: DRR **is behind** the best bar, EASE: nDCG@10 {glue:text}`ours:.3f`",
        "EASE is **ahead** by {glue:text}`count`.",
        "| DRR | iALS | **level** |",
        "On this data DRR beats EASE.",
        "iALS is better than BPR here.",
    ],
)
def test_a_planted_verdict_is_found(planted: str) -> None:
    assert typed_verdicts(f"## Results\n\nFirst of all.\n{planted} And so on.")


@pytest.mark.parametrize(
    "allowed",
    [
        "DRR {glue:text}`word` EASE: {glue:text}`difference`.",
        "DRR against EASE: <!-- figures: verdicts -->**behind** by `full`<!-- end -->.",
        "Whoever plans ahead earns more than popularity.",
        'The table says "ahead" or "behind". DRR has a row of its own.',
        "```python\nprint('DRR is ahead of EASE')\n```",
    ],
)
def test_what_is_computed_or_no_verdict_is_let_pass(allowed: str) -> None:
    assert not typed_verdicts(allowed)
