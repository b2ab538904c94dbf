"""What makes built pages light, and what they say of themselves: on styles, drawings and paragraphs small enough to see through."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docutils import nodes

from tests.book.test_appendix import extension

LIGHT = extension("drr_light")
PAGES = extension("drr_pages")
DRAWING = (
    '<svg width="576pt" height="144pt">\n <!-- 20 -->\n <g>\n  <path d="M 1.23456 2 \nL -0.98765 4.5"/>\n </g>\n</svg>'
)


@pytest.mark.parametrize(
    ("styles", "left"),
    [
        (".here{a:b}.gone{c:d}", ".here{a:b}"),
        (".here,.gone{a:b}", ".here{a:b}"),
        (".here .gone{a:b}", ""),
        ("@media print{.gone{a:b}.here{c:d}}", "@media print{.here{c:d}}"),
        ("@media print{.gone{a:b}}p{c:d}", "p{c:d}"),
        (":is(.gone,.here) p{a:b}", ":is(.gone,.here) p{a:b}"),
        ("p:not(.gone){a:b}", "p:not(.gone){a:b}"),
        (".bs-tooltip-end{a:b}", ".bs-tooltip-end{a:b}"),  # a script puts it together of "bs-tooltip-" and a side
        ("@font-face{src:url(x.woff)}", "@font-face{src:url(x.woff)}"),
        ("/*! MIT */.gone{a:b}/* note */", "/*! MIT */"),
    ],
)
def test_only_styles_for_what_is_there_are_kept(styles: str, left: str) -> None:
    assert LIGHT.lighter(styles, {"here", "bs-tooltip-"}) == left


def test_a_drawing_keeps_its_points_to_a_hundredth_and_its_words() -> None:
    assert '<path d="M 1.23 2 L -0.99 4.5"/>' in LIGHT.shorter(DRAWING)
    assert "20" not in LIGHT.shorter(DRAWING)
    assert 'scale(0.015625)"' in LIGHT.shorter('<path transform="scale(0.015625)"/>')
    assert "<text>two  words</text>" in LIGHT.shorter("<text>two  words</text>")


def test_pictures_have_their_size_and_all_but_the_first_load_late(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(DRAWING, encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text('<p><img alt="A." src="a.svg" /><img alt="B." src="a.svg" /></p>', encoding="utf-8")
    for _ in range(2):  # a page that was made before stays as it is
        LIGHT.load_pictures_late(page)
        first = '<img width="768" height="192" alt="A." src="a.svg" />'
        late = '<img loading="lazy" width="768" height="192" alt="B." src="a.svg" />'
        assert page.read_text(encoding="utf-8") == f"<p>{first}{late}</p>"


def test_a_page_is_described_by_its_first_running_words() -> None:
    words = "An agent recommends, and learns from what follows. " * 8
    inside = nodes.note("", nodes.paragraph(text=f"Not this, which stands in a box. {words}"))
    document = nodes.section("", inside, nodes.paragraph(text="Short."), nodes.paragraph(text=words))
    said = PAGES.first_words(document)
    assert said.startswith("An agent recommends")
    assert said.endswith("…") and 150 < len(said) <= PAGES.LONGEST
    assert PAGES.first_words(None) == ""


def test_the_day_of_a_page_is_that_of_its_latest_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    log = "@2026-02-02\n\nbook/a.md\n@2026-01-01\n\nbook/a.md\nbook/b.md\n"
    monkeypatch.setattr(PAGES.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=log))
    PAGES.days_of_changes.cache_clear()
    assert PAGES.days_of_changes() == {"book/a.md": "2026-02-02", "book/b.md": "2026-01-01"}
    context: dict[str, Any] = {"page_source_suffix": ".md"}
    PAGES.stamp(None, "book/a", "page.html", context, None)
    assert context["last_updated"] == "2026-02-02"


def test_no_days_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(PAGES.subprocess, "run", missing)
    PAGES.days_of_changes.cache_clear()
    assert PAGES.days_of_changes() == {}


def test_a_list_of_modules_stands_inside_its_packages_item() -> None:
    """In HTML a list holds items and nothing else."""
    context = {
        "body": "<h1>All</h1>\n<ul><li>a</li>\n<ul>\n<li>a.b</li>\n<ul>\n<li>a.b.c</li>\n</ul>\n</ul>\n<li>d</li>\n</ul>\n"
    }
    PAGES.mend_roles(None, "_modules/index", "page.html", context, None)
    inner = "<li>a.b\n<ul>\n<li>a.b.c</li>\n</ul></li>"
    assert context["body"] == f"<h1>All</h1>\n<ul><li>a\n<ul>\n{inner}\n</ul></li>\n<li>d</li>\n</ul>\n"
