"""Pages that load quickly: of the theme's styles and its 2,000 icons only those in use, the icons as a font of a few kB
instead of a script of 1.5 MB. Only built files are changed.
"""

import io
import logging
import re
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont

FONTS = "vendor/fontawesome/webfonts"
ICON_SCRIPT = "scripts/fontawesome.js"
CLASSES = re.compile(r'\bclass="([^"]*)"')
WORD = re.compile(r"[A-Za-z_][\w-]*")
CLASS = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
RULE = re.compile(r"([^{};@]+)\{([^{}]*)\}")  # innermost: those in @media too
EMPTY_BLOCK = re.compile(r"@(?:media|supports)[^{}]*\{\s*\}")
CHARACTER = re.compile(r'(?:content|--pst-icon-[\w-]+):"(?:\\([0-9a-f]{4})|([^"\\]))"')

POINTS = re.compile(r'((?<=\s)(?:d|x|y)=")([^"]*)')
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
PICTURE = re.compile(r'(<img [^>]*src="[^"]+\.svg"[^>]*>)')
SIZE = re.compile(r'<svg [^>]*\bwidth="([\d.]+)(pt|px)?" height="([\d.]+)(pt|px)?"')  # matplotlib's; no size, no change
PIXELS = {"pt": 4 / 3, "px": 1.0}


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("build-finished", lighten, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def lighten(app: Any, error: Exception | None) -> None:
    """The built styles, fonts, scripts and pictures."""
    static = Path(app.outdir, "_static")
    if error is not None or app.builder.format != "html" or not (static / ICON_SCRIPT).exists():
        return
    (static / ICON_SCRIPT).write_text("/* The icons are a font. */\n", encoding="utf-8")
    known = known_words(Path(app.outdir))
    characters: set[int] = set()
    for path in [*static.glob("*.css"), *static.glob("styles/*.css")]:
        styles = lighter(path.read_text(encoding="utf-8"), known)
        characters |= {int(code, 16) if code else ord(sign) for code, sign in CHARACTER.findall(styles)}
        path.write_text(small_fonts(styles), encoding="utf-8")
    for path in (static / FONTS).glob("*.ttf"):
        shrink(path, characters)
    for path in static.rglob("*.map"):
        path.unlink()
    for path in Path(app.outdir, "_images").glob("*.svg"):
        path.write_text(shorter(path.read_text(encoding="utf-8")), encoding="utf-8")
    for path in Path(app.outdir, "book").glob("*.html"):
        load_pictures_late(path)


def known_words(folder: Path) -> set[str]:
    """The classes of all pages, and every word of the scripts, which may set more."""
    found: set[str] = set()
    for page in folder.rglob("*.html"):
        for classes in CLASSES.findall(page.read_text(encoding="utf-8")):
            found |= set(classes.split())
    for script in [*(folder / "_static").glob("*.js"), *(folder / "_static" / "scripts").glob("*.js")]:
        found |= set(WORD.findall(script.read_text(encoding="utf-8")))
    return found


def lighter(styles: str, known: set[str]) -> str:
    """Without rules for classes that nothing has; licences stay, in front."""
    licences = "".join(note for note in COMMENT.findall(styles) if note.startswith("/*!"))

    def kept(found: re.Match[str]) -> str:
        selectors = [each for each in split(found[1]) if can_match(each, known)]
        return f"{','.join(selectors)}{{{found[2]}}}" if selectors else ""

    return licences + EMPTY_BLOCK.sub("", RULE.sub(kept, COMMENT.sub("", styles)))


def split(selectors: str) -> list[str]:
    """At commas outside of brackets."""
    return re.split(r",(?![^(\[]*[)\]])", selectors)


def can_match(selector: str, known: set[str]) -> bool:
    """Does something have all the classes that it asks for? What stands in brackets may be an alternative."""
    asked = CLASS.findall(re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\]", "", selector))
    prefixes = {word[: end.end()] for word in asked for end in re.finditer("-", word) if end.end() > 4}
    return all(word in known for word in asked) or any(prefix in known for prefix in prefixes)


def small_fonts(styles: str) -> str:
    """The icons' fonts under their new names."""
    return re.sub(rf"src:url\(([^)]*{FONTS}/[\w-]+)\.woff2\)[^}}]*", r'src:url(\1.woff) format("woff")', styles)


def shrink(path: Path, characters: set[int]) -> None:
    """Keep these characters of a font, as WOFF in the place of its files."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    font = TTFont(path)
    kept = subset.Subsetter(subset.Options(layout_features=[], name_IDs=[0, 1, 2, 13, 14]))
    kept.populate(unicodes=characters)
    kept.subset(font)
    font.flavor, written = "woff", io.BytesIO()
    font.save(written)
    for old in path.parent.glob(f"{path.stem}.*"):
        old.unlink()
    path.with_suffix(".woff").write_bytes(written.getvalue())


def shorter(picture: str) -> str:
    """A drawing of matplotlib without comments, metadata and blank space, its points to a hundredth."""
    picture = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", picture, flags=re.DOTALL)
    return re.sub(r">\s+<(?=/?(?:g|defs|path|use|clipPath|style|rect)\b)", "><", POINTS.sub(rounded, picture))


def rounded(found: re.Match[str]) -> str:
    """The points of a path, or a place, of 12.345678 only 12.35."""
    points = LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", found[2])
    return found[1] + re.sub(r"\s+", " ", points).strip()


def load_pictures_late(page: Path) -> None:
    """All but the first: when a reader comes near. Each with its size, so that the text does not jump."""
    first, *rest = PICTURE.split(page.read_text(encoding="utf-8"))
    made = [first]
    for number, (picture, after) in enumerate(zip(rest[::2], rest[1::2], strict=True)):
        file = page.parent / re.findall(r'src="([^"]+)"', picture)[0]
        size = SIZE.search(file.read_text(encoding="utf-8")) if file.exists() else None
        if size and " width=" not in picture:
            width, height = (
                round(float(side) * PIXELS[unit or "px"]) for side, unit in (size.group(1, 2), size.group(3, 4))
            )
            late = 'loading="lazy" ' if number else ""
            picture = picture.replace("<img", f'<img {late}width="{width}" height="{height}"', 1)
        made += [picture, after]
    page.write_text("".join(made), encoding="utf-8")
