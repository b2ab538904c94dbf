"""Pages that load quickly: of the theme's 2,000 icons only those in use, as a small font instead of a script of 1.5 MB."""

import io
import re
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont

STYLES = "styles/pydata-sphinx-theme.css"
FONTS = "vendor/fontawesome/webfonts"
FAMILIES = {"fa-solid-900": "fa-solid", "fa-regular-400": "fa-regular", "fa-brands-400": "fa-brands"}
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:{1,2}before,?)+)\{content:"\\([0-9a-f]+)"\}')
OWN_ICON = re.compile(r'--pst-icon-[\w-]+:"(.)"')
ICON_CLASSES = re.compile(r'class="[^"]*\bfa-(?:solid|regular|brands)\b[^"]*"')


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("build-finished", only_the_icons_in_use, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def only_the_icons_in_use(app: Any, error: Exception | None) -> None:
    """In the built pages' styles, fonts and scripts; the theme's own files stay as they are."""
    static = Path(app.outdir, "_static")
    if error is not None or app.builder.format != "html" or not (static / STYLES).exists():
        return
    used = icons_of_pages(Path(app.outdir))
    styles = (static / STYLES).read_text(encoding="utf-8")
    code_points = {ord(found[1]) for found in OWN_ICON.finditer(styles)}
    code_points |= {int(code, 16) for names, code in ICON_RULE.findall(styles) if used & set(names_in(names))}
    for font in FAMILIES:
        shrink_font(static / FONTS / f"{font}.ttf", code_points)
    (static / STYLES).write_text(lighter_styles(styles, used), encoding="utf-8")
    for script in (static / "scripts").glob("fontawesome.js*"):
        script.write_text("/* Icons come from a font: styles/pydata-sphinx-theme.css */\n", encoding="utf-8")


def icons_of_pages(folder: Path) -> set[str]:
    """Names such as `fa-moon` in the classes of all pages."""
    pages = [path.read_text(encoding="utf-8") for path in folder.rglob("*.html")]
    return {name for page in pages for classes in ICON_CLASSES.findall(page) for name in names_in(classes)}


def names_in(classes: str) -> list[str]:
    """Of `fa-solid fa-moon`, or `.fa-moon:before`."""
    return re.findall(r"fa-[\w-]+", classes)


def shrink_font(path: Path, code_points: set[int]) -> None:
    """Keep these characters of a font, as WOFF beside it; browsers read that at once, and no page asks for the rest."""
    font = TTFont(path)
    options = subset.Options(layout_features=[], notdef_outline=True, name_IDs=[0, 1, 2, 13, 14])
    kept = subset.Subsetter(options)
    kept.populate(unicodes=code_points)
    kept.subset(font)
    font.flavor, written = "woff", io.BytesIO()
    font.save(written)
    for old in path.parent.glob(f"{path.stem}.*"):
        old.unlink()
    path.with_suffix(".woff").write_bytes(written.getvalue())


def lighter_styles(styles: str, used: set[str]) -> str:
    """Without the rules of icons that no page shows, and with the small fonts."""
    styles = ICON_RULE.sub(lambda found: found[0] if used & set(names_in(found[1])) else "", styles)
    for font in FAMILIES:
        styles = re.sub(rf"src:url\([^)]*/{font}\.woff2[^}}]*", f'src:url(../{FONTS}/{font}.woff) format("woff")', styles)
    return styles
