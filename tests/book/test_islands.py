"""What all islands share: what a page loads, what stands there without scripts, whom they keep out."""

import importlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from drr_tutorial.lab import pages
from drr_tutorial.lab.figures.style import COLOURS
from drr_tutorial.storage import StorageError, read_json
from tests.book import islands

ISLANDS = islands.extension()
STATIC = islands.ROOT / "book" / "static" / "islands"
NAMES = list(ISLANDS.ISLANDS)
AXE = Path(os.environ.get("AXE") or islands.ROOT / "node_modules" / "axe-core" / "axe.min.js")
CUT = """found => found.filter(one => {
  const box = one.getBoundingClientRect(), room = one.ownerSVGElement.getBoundingClientRect();
  return box.left < room.left - 1 || box.right > room.right + 1 || box.top < room.top - 1 || box.bottom > room.bottom + 1;
}).map(one => one.textContent)"""  # words of a picture that go beyond it
LOOKS = [(1300, "light"), (1300, "dark"), (390, "light"), (390, "dark")]


def test_a_page_loads_the_scripts_of_its_islands_only(tmp_path: Path) -> None:
    with_island = islands.PAGE.format(name="tiny-play", fallback=islands.FALLBACK)
    out = islands.build(tmp_path, {"with": with_island, "without": "# No island\n"})
    loaded = re.findall(r'<script defer="defer" src="_static/islands/([\w-]+\.js)', (out / "with.html").read_text())
    assert loaded == ISLANDS.files_of(["tiny-play"])
    assert all((out / "_static" / "islands" / file).is_file() for file in loaded)
    assert "islands/" not in (out / "without.html").read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (":::{island} tiny-paly\n:alt: You play.\n\nwords\n:::\n", "there is no island 'tiny-paly', only tiny-play"),
        (":::{island} tiny-play\n\nwords\n:::\n", "needs :alt:"),
        (":::{island} tiny-play\n:alt: You play.\n:::\n", "needs content"),
    ],
)
def test_what_an_island_lacks_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Exception, match=said):
        islands.build(tmp_path, {"page": f"# A page\n\n{text}"})


def test_data_are_the_values_as_a_script() -> None:
    value = {"name": 'a "b"', "numbers": [0.1, 2]}
    found = re.fullmatch(r'drr\.data\["x"\] = (.*);\n', ISLANDS.as_script("x", value))
    assert found and json.loads(found[1]) == value
    with pytest.raises(ValueError, match="Out of range"):
        ISLANDS.as_script("x", float("nan"))


@pytest.mark.parametrize(("name", "study"), [("episodes", "episodes"), ("seeds", "planning"), ("planning", "planning")])
def test_numbers_older_than_their_code_stop_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, study: str
) -> None:
    made, results = importlib.import_module("island_data").DATA[name], pages.results_folder()
    assert made()
    result = read_json(results / f"{study}.json")
    digests = result["code"]["digests"]
    digests[next(iter(digests))] = "another"
    (tmp_path / f"{study}.json").write_text(json.dumps(result), encoding="utf-8")
    monkeypatch.setattr(pages, "results_folder", lambda: tmp_path)
    with pytest.raises(StorageError, match=f"{study}.json is older than the code"):
        made()


def test_colours_are_those_of_the_figures() -> None:
    light = (STATIC / "islands.css").read_text(encoding="utf-8").partition("}")[0]
    assert re.findall(r"--island-\d: (#\w+)", light) == [colour.lower() for colour in COLOURS]


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.stem)
def test_a_script_is_small_and_plain(path: Path) -> None:
    """Modules and fetch do not work from a disk."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300 and max(map(len, text.splitlines())) <= 132
    assert text.startswith("/* ") and '"use strict"' in text
    assert not re.search(r"\b(fetch|import|export|XMLHttpRequest|eval|innerHTML|Math\.random)\b", text)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("name", NAMES)
def test_it_works_from_a_disk_within_the_window(
    browser: Any, island_pages: Path, name: str, width: int, scheme: str
) -> None:
    page, wrong = islands.open_island(
        browser, island_pages, name, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    stage = islands.live(page)
    beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    small = stage.locator("button, select, input, summary").evaluate_all(
        """found => found.filter(one => one.offsetParent).map(one => (one.closest("label") || one).getBoundingClientRect())
          .filter(box => box.width < 24 || box.height < 24).length"""
    )
    cut = stage.locator("svg.island-plot text").evaluate_all(CUT)
    serious = None
    if AXE.exists():
        page.evaluate(AXE.read_text(encoding="utf-8"))
        serious = page.evaluate(islands.SERIOUS)
    page.context.close()
    assert not wrong and beyond <= 0 and not small and not cut and not serious


@pytest.mark.parametrize("name", NAMES)
def test_without_scripts_and_on_paper_stands_what_is_written(browser: Any, island_pages: Path, name: str) -> None:
    page, _ = islands.open_island(browser, island_pages, name, java_script_enabled=False)
    assert page.locator(".island table").is_visible() and not page.locator(".island button").count()
    page.context.close()
    page, _ = islands.open_island(browser, island_pages, name)
    stage, table = islands.live(page), page.locator(".island .island-fallback")
    assert stage.is_visible() and not table.is_visible()
    page.emulate_media(media="print")
    table.wait_for(state="visible")
    stage.wait_for(state="hidden")
    page.emulate_media(media="screen")
    fold = page.locator(".island-fold")
    fold.wait_for(state="visible")
    fold.press("Enter")
    table.wait_for(state="visible")
    assert fold.get_attribute("aria-expanded") == "true"
    page.context.close()


def test_an_island_that_fails_leaves_what_is_written(browser: Any, island_pages: Path) -> None:
    page = browser.new_context().new_page()
    page.add_init_script("addEventListener('DOMContentLoaded', () => { drr.controls = null; drr.data = {}; }, true)")
    page.goto((island_pages / "tiny-play.html").as_uri(), wait_until="load")
    page.wait_for_selector(".island[data-state=failed]")
    assert page.locator(".island table").is_visible() and not page.locator(".island-stage").count()
    page.context.close()


@pytest.fixture(scope="module")
def tools(browser: Any, island_pages: Path) -> Any:
    """A page with the shared scripts."""
    page, wrong = islands.open_island(browser, island_pages, "tiny-play")
    yield page
    page.context.close()
    assert not wrong


def test_randomness_comes_from_its_seed_and_has_its_moments(tools: Any) -> None:
    draws = """([kind, seed]) => { const found = drr.random(seed), n = 20000, drawn = Array.from({length: n}, () =>
      kind === "gamma" ? found.gamma(0.7) : kind === "integer" ? found.integer(5) : found[kind]());
      const mean = drawn.reduce((sum, one) => sum + one) / n;
      return [mean, drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / n]; }"""
    for kind, mean, variance in (("uniform", 1 / 2, 1 / 12), ("normal", 0, 1), ("gamma", 0.7, 0.7), ("integer", 2, 2)):
        found = tools.evaluate(draws, [kind, 3])
        assert found == tools.evaluate(draws, [kind, 3]) != tools.evaluate(draws, [kind, 4])
        assert found == [pytest.approx(mean, abs=0.03), pytest.approx(variance, rel=0.06)]


def test_a_slider_moves_by_keys_and_says_its_value(tools: Any) -> None:
    tools.evaluate("""() => { const told = window.told = [];
      const made = drr.controls.slider({label: "discount", min: 0, max: 1, step: 0.1, value: 0.5,
        shown: value => value.toFixed(1), onchange: value => told.push(value)});
      document.querySelector(".island-stage").replaceChildren(made.root); }""")
    tools.get_by_label("discount").press("ArrowRight")
    assert tools.evaluate("told") == [pytest.approx(0.6)]
    assert tools.locator("output").inner_text() == "0.6"
    assert tools.get_by_label("discount").get_attribute("aria-valuetext") == "0.6"


def test_a_plot_puts_points_where_they_belong(tools: Any) -> None:
    path = tools.evaluate("""() => { const plot = drr.plot({x: {label: "steps", range: [0, 10]}, y: {label: "likes", range: [0, 4]}});
      plot.update({series: [{name: "agent", points: [[0, 0], [10, 4]]}], levels: [{name: "greed", y: 2}], alt: "A line that rises."});
      document.querySelector(".island-stage").replaceChildren(plot.root);
      const box = part => plot.root.querySelector(part).getBBox();
      return [box(".island-line"), box("line.island-level"), plot.root.querySelector("svg").getAttribute("aria-label")]
        .map(one => one.x === undefined ? one : [one.x, one.y, one.width, one.height]); }""")
    (left, top, width, height), (level_left, level_top, level_width, _), said = path
    assert (level_left, level_width) == (left, width)
    assert level_top == pytest.approx(top + height / 2)
    assert said == "A line that rises."
