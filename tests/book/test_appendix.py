"""The appendix keeps up with the code: every module is documented, every test that the ledger names exists, its recipe trains."""

import dataclasses
import importlib.util
import json
import pkgutil
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pybtex.database import parse_file

import drr_tutorial
from drr_tutorial import DRRRecommender, Ratings
from drr_tutorial.config import PRESETS
from drr_tutorial.lab.sentences import standing
from drr_tutorial.storage import read_json

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PAGES = [path for path in sorted(BOOK.glob("[!.]*.*")) if path.suffix in (".md", ".ipynb")]
MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(drr_tutorial.__path__, "drr_tutorial.")
    if ".chapter_" not in found.name
)


def text(name: str) -> str:
    return (BOOK / name).read_text(encoding="utf-8")


def test_every_module_is_on_the_api_pages_once() -> None:
    pages = "".join(text(path.name) for path in sorted(BOOK.glob("api*.md")))
    shown = re.findall(r"^\.\. automodule:: (drr_tutorial\..+)$", pages, re.MULTILINE)
    assert sorted(shown) == MODULES


def test_every_test_in_the_ledger_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text("ledger.md"))
    assert len(named) >= 30
    assert not [
        (file, name)
        for file, name in named
        if f"def {name}(" not in (ROOT / "tests" / file).read_text(encoding="utf-8")
    ]


def test_every_row_of_the_ledger_has_a_verdict() -> None:
    verdicts = {"same", "option", "different", "unknown", "partly"}
    for part in text("ledger.md").split("\n## ")[1:]:
        table = [[cell.strip() for cell in row.split("|")[1:-1]] for row in part.splitlines() if row.startswith("|")]
        if table and "verdict" in table[0]:
            column = table[0].index("verdict")
            assert all(re.split(r"[ ,]", row[column])[0] in verdicts for row in table[2:]), part.splitlines()[0]


def came_out(data: dict[str, Any]) -> list[str]:
    """The results of the ledger's statements, in its order, from the summary of the study `paper`."""

    def verdict(other: str, names: tuple[str, ...], sets: tuple[str, ...], word: str = "ahead") -> str:
        found = [data[name]["minus"][other]["own items"][method]["nDCG@10"] for name in sets for method in names]
        return "reproduced" if all(standing(one) == word for one in found) else "not reproduced"

    both, ours = ("ml-100k", "ml-1m"), ("DRR-ave",)
    learning = [data[name]["learning in a session adds"]["drr-ave"] for name in both]
    return [
        *(verdict(other, ours, both) for other in ("untrained", "PMF", "popularity")),
        verdict("DRR-ave", ("DRR-p", "DRR-u"), both, "behind"),
        "reproduced" if all(standing(one) == "ahead" for one in learning) else "not reproduced",
    ]


def test_the_ledger_says_what_came_out() -> None:
    table = text("ledger.md").split("\n## What comes out")[1]
    results = [row.split("|")[-2].strip() for row in table.splitlines() if row.startswith("|")][2:]
    small, large = (
        read_json(BOOK / "results" / f"{name}.json")["summary"]["data"] for name in ("paper", "paper-ml-1m")
    )
    data = small | large
    assert results[:5] == came_out(data)
    assert all(re.match(r"not (knowable|tried)", result) for result in results[5:])


def test_the_ledgers_defaults_are_those_of_the_preset() -> None:
    default = PRESETS["default"]
    rows = re.findall(
        r"^\| (.+?) \|.*\| (.+?) \|$", text("ledger.md").split("## Settings")[1].split("##")[0], re.MULTILINE
    )
    shown = {name: value.split(",")[0] for name, value in rows}
    assert shown["Length $k$"] == str(default.embedding.n_factors)
    assert shown["Memory $N$"] == str(default.agent.memory_size)
    assert shown["Discount $\\gamma$"] == str(default.agent.gamma)
    assert shown["Length of the training"] == f"{default.training.passes:.0f} passes"
    assert shown["Vectors"].startswith("iALS") and default.embedding.method == "ials"
    assert shown["Session $T$"].startswith("as many as") and default.environment.max_steps is None


def test_the_ledgers_recipe_trains(synthetic: Ratings) -> None:
    assert 'DRRRecommender("paper")' in text("ledger.md")
    paper = PRESETS["paper"]
    assert (paper.embedding.method, paper.embedding.length, paper.agent.memory_size) == ("pmf", 100, 5)
    assert (paper.environment.reward, paper.environment.max_steps, paper.agent.gamma) == ("centred", 10, 0.9)
    short = dataclasses.replace(
        paper,
        embedding=dataclasses.replace(paper.embedding, n_factors=8, n_iterations=2),
        training=dataclasses.replace(paper.training, passes=0.1, batch_size=32),
    )
    assert len(DRRRecommender(short, progress=False).fit(synthetic).recommend(synthetic.user_ids[0], k=5)) == 5


def test_the_glossary_has_entries_with_words_in_them() -> None:
    entries = re.findall(r"^(\S.*)\n    (\S.+(?:\n    .+)*)", text("glossary.md").split("{glossary}")[1], re.MULTILINE)
    assert len(entries) >= 30
    assert [name.casefold() for name, _ in entries] == sorted(name.casefold() for name, _ in entries)
    assert all(len(meaning.split()) >= 6 and "{doc}" in meaning for _, meaning in entries)


def test_a_word_of_the_glossary_stands_on_the_page_that_it_points_to() -> None:
    """Or one of its family, by its first five letters."""
    entries = re.findall(r"^(\S.*)\n((?:    .+\n)+)", text("glossary.md").split("{glossary}")[1], re.MULTILINE)
    pointed = [(name, page) for name, meaning in entries for page in re.findall(r"\{doc\}`(\w+)`", meaning)]
    said = {page: next(text(path.name) for path in PAGES if path.stem == page).casefold() for _, page in pointed}
    missing = [
        (name, page)
        for name, page in pointed
        if not any(word[:5] in said[page] for word in re.findall(r"\w{3,}", name.casefold()))
    ]
    assert len(pointed) >= 80
    assert not missing


def test_notebooks_run_as_fast_as_promised() -> None:
    rows = json.loads(text("results/runtimes.json"))["notebooks"]
    trains = ("5.", "Reading the log", "The whole agent")  # several trainings, and the page says so
    limits = {row["page"]: 180 if row["page"].startswith(trains) else 60 for row in rows}
    assert not [row for row in rows if row["seconds to run"] > limits[row["page"]]]


def extension(name: str) -> Any:
    """A module of the book's own Sphinx extensions."""
    spec = importlib.util.spec_from_file_location(name, BOOK / "_ext" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_launch_buttons_only_where_the_repositorys_address_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    config = SimpleNamespace(html_theme_options={"launch_buttons": {}})
    monkeypatch.delenv("BOOK_REPOSITORY", raising=False)
    extension("drr_sphinx").launch_buttons(None, config)
    assert config.html_theme_options == {"launch_buttons": {}}
    monkeypatch.setenv("BOOK_REPOSITORY", "https://forge.example/some/book/")
    extension("drr_sphinx").launch_buttons(None, config)
    assert config.html_theme_options["repository_url"] == "https://forge.example/some/book"
    assert {"binderhub_url", "colab_url"} < config.html_theme_options["launch_buttons"].keys()


def test_download_buttons_give_readers_notebooks(tmp_path: Path) -> None:
    sources = tmp_path / "_sources" / "book"
    sources.mkdir(parents=True)
    shutil.copy2(BOOK / "05_training.ipynb", sources)
    own = (BOOK / "05_training.ipynb").read_text(encoding="utf-8")
    site = SimpleNamespace(outdir=tmp_path, config=SimpleNamespace(html_baseurl="https://book.example"))
    for kind, error in (("latex", None), ("html", RuntimeError("the build failed"))):
        site.builder = SimpleNamespace(format=kind)
        extension("drr_sphinx").offer_readers_notebooks(site, error)
        assert (sources / "05_training.ipynb").read_text(encoding="utf-8") == own
    extension("drr_sphinx").offer_readers_notebooks(site, None)
    given = (sources / "05_training.ipynb").read_text(encoding="utf-8")
    assert "{doc}`" in own and "{doc}`" not in given
    assert "https://book.example/book/02_environment.html" in given


def test_an_exercise_has_the_number_of_its_label_on_any_page() -> None:
    env = SimpleNamespace(
        toc_fignumbers={
            "book/05_training": {"exercise": {"ex-5-1": (5, 1), "ex-5-3": (5, 2)}, "figure": {"fig-5-loop": (5, 1)}},
            "book/deeper_replay": {"exercise": {"ex-5-2": (7,)}},
        }
    )
    extension("drr_sphinx").number_exercises(None, env)
    assert env.toc_fignumbers == {
        "book/05_training": {"exercise": {"ex-5-1": (5, 1), "ex-5-3": (5, 3)}, "figure": {"fig-5-loop": (5, 1)}},
        "book/deeper_replay": {"exercise": {"ex-5-2": (5, 2)}},
    }


def test_times_of_chapters_are_the_measured_ones() -> None:
    config = SimpleNamespace(myst_substitutions={})
    extension("drr_sphinx").measured_times(None, config)
    assert re.fullmatch(
        r"about \d+ minutes to read and \d+ seconds to run, exercises not counted", config.myst_substitutions["time_5"]
    )
    assert config.myst_substitutions["time_20"] == "not measured yet"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_citation_is_in_the_bibliography(path: Path) -> None:
    cited = {
        key
        for keys in re.findall(r"\{cite(?::\w)?\}`([^`]+)`", path.read_text(encoding="utf-8"))
        for key in keys.split(",")
    }
    assert {key.strip() for key in cited} <= set(parse_file(BOOK / "references.bib").entries)


def test_symbols_of_the_notation_are_in_the_code() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "drr_tutorial").rglob("*.py")))
    rows = re.findall(r"^\| \$.+\|(.+)\|$", text("notation.md"), re.MULTILINE)
    names = {
        part for row in rows for name in re.findall(r"`([^`]+)`", row) for part in re.findall(r"[A-Za-z_]{3,}", name)
    }
    assert names
    assert not {name for name in names if not re.search(rf"\b{name}\b", code)}
