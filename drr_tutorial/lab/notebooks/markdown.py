"""MyST Markdown as plain Markdown: exercises as headings, hints folded, pictures, notes; formulas and tables stay."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from drr_tutorial.lab.notebooks.citations import listed
from drr_tutorial.lab.notebooks.inline import Context, plain_paragraph
from drr_tutorial.lab.notebooks.questions import choices

DIRECTIVE = re.compile(r"\s*(?P<fence>:{3,}|`{3,}|~{3,})\{(?P<name>[\w:-]+)\}\s*(?P<argument>.*)")
FENCE = re.compile(r"\s*(?P<fence>`{3,}|~{3,})")
OPTION = re.compile(r"\s*:(?P<name>[\w-]+):\s*(?P<value>.*)")
DROPPED = re.compile(r"\([\w.:-]+\)=\s*|%.*|\+\+\+.*")  # targets, comments and breaks


@dataclass
class Block:
    """A directive: its name, what stands beside the name, its options, its lines."""

    name: str
    argument: str
    options: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def plain_markdown(source: str, context: Context) -> str:
    """The same words without what only the book's tools read. Raises `ValueError` for what it does not know."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_plain(source.split("\n"), context))).strip("\n")


def _plain(lines: list[str], context: Context) -> Iterator[str]:
    waiting: list[str] = []
    rest = iter(lines)
    for line in rest:
        if not (fence := DIRECTIVE.fullmatch(line) or FENCE.match(line)):
            waiting.append(line)
            continue
        yield from _paragraphs(waiting, context)
        waiting = []
        inside = _until_closed(rest, fence["fence"])
        if DIRECTIVE.fullmatch(line):
            yield from ("", _directive(_block(fence, inside), context), "")
        else:
            yield from (line, *inside, fence["fence"])
    yield from _paragraphs(waiting, context)


def _until_closed(rest: Iterator[str], fence: str) -> list[str]:
    found: list[str] = []
    for line in rest:
        if re.fullmatch(rf"\s*{re.escape(fence)}{re.escape(fence[0])}*\s*", line):
            return found
        found.append(line)
    raise ValueError(f"a block that nothing closes; it holds {found[:1]}")


def _paragraphs(lines: list[str], context: Context) -> Iterator[str]:
    """Text without fences; of a list of definitions, each becomes a point of a list."""
    kept = [line for line in lines if not DROPPED.fullmatch(line)]
    if kept:
        text = re.sub(r"<!--.*?-->", "", "\n".join(kept), flags=re.DOTALL)
        text = re.sub(r"^(\S.*)\n: +", r"- \1: ", text, flags=re.MULTILINE)
        yield plain_paragraph(text, context)


def _block(opening: re.Match[str], lines: list[str]) -> Block:
    block = Block(opening["name"], opening["argument"].strip())
    while lines and (option := OPTION.fullmatch(lines[0])):
        block.options[option["name"]] = option["value"].strip()
        lines = lines[1:]
    block.lines = lines
    return block


def _directive(block: Block, context: Context) -> str:
    if block.name not in DIRECTIVES:
        raise ValueError(
            f"{context.page.name}: no plain form is known for {{{block.name}}}; see DIRECTIVES in {__name__}"
        )
    return DIRECTIVES[block.name](block, context)


def _inside(block: Block, context: Context) -> str:
    return plain_markdown("\n".join(block.lines), context)


def _exercise(block: Block, context: Context) -> str:
    _, words = context.labels[block.options["label"]]
    title = plain_paragraph(block.argument, context)
    return f"### {words}: {title}\n\n{_inside(block, context)}"


def _fold(block: Block, context: Context) -> str:
    """A fold; of a question the choices stand open, so that a reader can guess before the answer is opened."""
    summary, inside = plain_paragraph(block.argument, context), _inside(block, context)
    asked = choices(inside)
    return f"**{summary}**\n\n{asked[0]}\n\n{folded('Answer', asked[1])}" if asked else folded(summary, inside)


def folded(summary: str, inside: str) -> str:
    """Text that opens with a click; inside, empty lines make a viewer read it as Markdown."""
    return f"<details>\n<summary>{summary}</summary>\n\n{inside}\n\n</details>"


def _figure(block: Block, context: Context) -> str:
    number = context.counter.figure()  # before those of figures inside
    return f"{_image(block, context)}\n\n{caption(number, _inside(block, context))}"


def caption(number: str, words: str) -> str:
    """The line under a figure."""
    return f"**{number}.** {words}"


def _image(block: Block, context: Context) -> str:
    alternative = re.sub(r"([\[\]])", r"\\\1", block.options.get("alt", ""))
    return f"![{alternative}]({context.links.picture(block.argument)})"


def _note(block: Block, context: Context) -> str:
    title = plain_paragraph(block.argument, context) if block.name == "admonition" else block.name.capitalize()
    inside = block.argument + "\n" if block.argument and block.name != "admonition" else ""
    text = plain_markdown(inside + "\n".join(block.lines), context)
    return "\n".join(f"> {line}".rstrip() for line in [f"**{title}**", "", *text.split("\n")])


def _glossary(block: Block, context: Context) -> str:
    entries = re.findall(r"^(\S.*)\n((?:[ \t]+\S.*\n?|\n(?=[ \t]+\S))+)", "\n".join(block.lines), re.MULTILINE)
    points = (f"- **{name}**: {' '.join(meaning.split())}" for name, meaning in entries)
    return plain_paragraph("\n".join(points), context)


def _listing(block: Block, context: Context) -> str:
    return "\n".join([f"```{block.argument}", *block.lines, "```"])


def _island(block: Block, context: Context) -> str:
    """A link to where it answers, and what stands in its place."""
    online = context.links.online(context.page)
    where = f"on [the page online]({online})" if online else f"in the built book, {context.page.named}"
    return f"*{block.options['alt']} It answers {where}. In its place:*\n\n{_inside(block, context)}"


DIRECTIVES: dict[str, Callable[[Block, Context], str]] = {
    "exercise": _exercise,
    "dropdown": _fold,
    "figure": _figure,
    "image": _image,
    "island": _island,
    "glossary": _glossary,
    "bibliography": lambda block, context: listed(context.sources),
    "math": lambda block, context: "\n".join(["$$", *block.lines, "$$"]),
    "code-block": _listing,
    "code": _listing,
    "slides": lambda block, context: "*Each chapter's slides are linked from this page of the built book.*",
    **dict.fromkeys(("admonition", "note", "tip", "hint", "warning", "caution", "important", "seealso"), _note),
}
