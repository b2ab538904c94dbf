"""Roles, formulas and substitutions inside a paragraph, as plain Markdown."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drr_tutorial.lab.notebooks import citations
from drr_tutorial.lab.notebooks.glued import shown
from drr_tutorial.lab.notebooks.links import Links
from drr_tutorial.lab.notebooks.numbering import FORMULA, Counter
from drr_tutorial.lab.notebooks.source import MADE, Page

ROLE = r"\{(?P<role>[a-z][\w:+-]*)\}(?P<fence>`+)(?P<content>.+?)(?P=fence)(?!`)"
CODE = r"(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
SUBSTITUTION = r"\{\{ *(?P<name>time_\d+) *\}\}"
TOKEN = re.compile(f"{ROLE}|{CODE}|{SUBSTITUTION}", re.DOTALL)


@dataclass(frozen=True)
class Context:
    """All that the words of a page can refer to."""

    page: Page
    pages: Mapping[str, Page]
    labels: Mapping[str, tuple[str, str]]
    sources: dict[str, citations.Source]
    times: Mapping[str, str]
    values: dict[str, str]
    links: Links
    counter: Counter


def plain_paragraph(source: str, context: Context) -> str:
    """Formulas get their numbers, all else its words. Raises `ValueError` for a role or name that is not known."""
    source = FORMULA.sub(lambda found: _formula(found, context), source)
    return TOKEN.sub(lambda found: _token(found, context), source)


def _formula(found: re.Match[str], context: Context) -> str:
    if not found["label"]:
        return found[0]
    body = found["body"].rstrip()
    ends = "\n" if body.startswith("\n") else " "
    return f"$${body}{ends}\\tag{{{context.counter.formula()}}}{ends}$$"


def _token(found: re.Match[str], context: Context) -> str:
    if found["ticks"]:
        return found[0]
    if found["name"]:
        return context.times[found["name"]]
    role, content = found["role"], " ".join(found["content"].split())
    if role.startswith("py:"):
        return _python(role, content)
    if role not in ROLES:
        raise ValueError(
            f"{context.page.name}: no plain words are known for the role {{{role}}}; see ROLES in {__name__}"
        )
    if role == "cite:t" and _is_in_brackets(found):
        return citations.in_brackets(content, context.sources)[1:-1]
    return ROLES[role](content, context)


def _is_in_brackets(found: re.Match[str]) -> bool:
    """Whether words in round brackets hold it, where a year in brackets would be too many."""
    before = found.string[: found.start()].rpartition("\n\n")[2]
    return before.count("(") > before.count(")")


def _python(role: str, content: str) -> str:
    """A name of Python, as code: its last part after a ~."""
    given, target = _split(content)
    name = given or (target.rpartition(".")[2] if target.startswith("~") else target)
    call = "()" if role in ("py:func", "py:meth") and not name.endswith("()") else ""
    return f"`{name}{call}`"


def _split(content: str) -> tuple[str, str]:
    """`words <target>` as both; words are empty where there is a target only."""
    found = re.fullmatch(r"(.+?)\s*<([^<>]+)>", content)
    return (found[1], found[2]) if found else ("", content)


def _page(content: str, context: Context) -> str:
    words, target = _split(content)
    name = target.rpartition("/")[2]
    if name in context.pages:
        return context.links.to(context.pages[name], words or context.pages[name].title)
    if name.startswith(MADE):  # `help` shows the same
        return words or "reference of the package"
    raise ValueError(f"{context.page.name}: there is no page {name!r}")


def _reference(content: str, context: Context) -> str:
    """Words for a figure, a formula or an exercise; a link where another page has it."""
    words, target = _split(content)
    if target not in context.labels:
        raise ValueError(f"{context.page.name}: nothing is labelled {target!r}")
    name, found = context.labels[target]
    number = found.rpartition(" ")[2]
    words = words.replace("%s", number).replace("{number}", number) or found
    return words if name == context.page.name else context.links.to(context.pages[name], words)


ROLES: dict[str, Callable[[str, Context], str]] = {
    "doc": _page,
    "numref": _reference,
    "eq": _reference,
    "ref": _reference,
    "cite:t": lambda content, context: citations.in_sentence(content, context.sources),
    "cite:p": lambda content, context: citations.in_brackets(content, context.sources),
    "cite": lambda content, context: citations.in_brackets(content, context.sources),
    "glue:text": lambda content, context: shown(content, context.values),
    "term": lambda content, context: _split(content)[0] or content,
    "abbr": lambda content, context: content,
    "math": lambda content, context: f"${content}$",
    "kbd": lambda content, context: f"`{content}`",
}
