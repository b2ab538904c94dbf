"""Citations in words, such as Liu et al. (2018), and the list of sources, from the book's BibTeX file."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303"}
Source = dict[str, str]


def read_sources(path: Path) -> dict[str, Source]:
    """The entries of a BibTeX file: key -> fields, without braces."""
    entries = re.split(r"^@\w+\s*\{", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {entry.partition(",")[0].strip(): dict(_fields(entry)) for entry in entries}


def _fields(entry: str) -> Iterator[tuple[str, str]]:
    for field in re.finditer(r"^\s*(\w+)\s*=\s*", entry, re.MULTILINE):
        yield field[1].lower(), _readable(_braced(entry[field.end() :]))


def _braced(rest: str) -> str:
    """The value that a text begins with: all up to the brace that closes it, or a plain number."""
    if not rest.startswith("{"):
        return re.split(r"[,\n}]", rest)[0].strip().strip('"')
    depth = 0
    for place, sign in enumerate(rest):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return rest[1:place]
    raise ValueError(f"a brace that nothing closes: {rest[:60]!r}")


def _readable(value: str) -> str:
    def accented(found: re.Match[str]) -> str:
        letter = {r"\i": "i", r"\j": "j"}.get(found[2], found[2])
        return unicodedata.normalize("NFC", letter + ACCENTS[found[1]])

    value = re.sub(r"""\\(['`"^~])\s*\{?(\\?\w)\}?""", accented, value)
    return " ".join(re.sub(r"[{}]", "", value).replace(r"\&", "&").replace("--", "–").split())


def in_sentence(keys: str, sources: dict[str, Source]) -> str:
    """As part of a sentence: Liu et al. (2018)."""
    return " and ".join(f"{who(source)} ({source['year']})" for source in _each(keys, sources))


def in_brackets(keys: str, sources: dict[str, Source]) -> str:
    """After a sentence: (Liu et al., 2018)."""
    return "(" + "; ".join(f"{who(source)}, {source['year']}" for source in _each(keys, sources)) + ")"


def who(source: Source) -> str:
    """Last names of one or two authors; of more, the first one's and "et al."."""
    names = [name.partition(",")[0].strip() for name in source["author"].split(" and ")]
    return " and ".join(names) if len(names) < 3 else f"{names[0]} et al."


def listed(sources: dict[str, Source]) -> str:
    """All of them as a Markdown list, by author and year."""
    return "\n".join(sorted(f"- {_line(source)}" for source in sources.values()))


def _line(source: Source) -> str:
    place = next(
        (source[field] for field in ("journal", "booktitle", "publisher", "howpublished") if field in source), ""
    )
    rest = [place, source.get("note", ""), source.get("url", "")]
    return ". ".join([f"{who(source)} ({source['year']}): {source['title']}", *filter(None, rest)]) + "."


def _each(keys: str, sources: dict[str, Source]) -> list[Source]:
    """Raises `ValueError` for a key that the file lacks."""
    names = [key.strip() for key in keys.split(",")]
    missing = [name for name in names if name not in sources]
    if missing:
        raise ValueError(f"references.bib has no source {missing[0]!r}")
    return [sources[name] for name in names]
