"""What Jupyter Book 1 on Sphinx 7.4 lacks here: formulas without a network, measured times, labels of citations, launch
buttons that ask for an address, notebooks for readers to download, exercises numbered by their labels, a search that
puts chapters before code, and three small repairs.
"""

import importlib.util
import os
import re
import shutil
from pathlib import Path
from typing import Any

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle

from drr_tutorial.lab.notebooks import replace_downloads, times

RESULTS = Path(__file__).parents[1] / "results"

# The parts of MathJax 3.2.2 that a page asks for; the PyPI package sphinx-mathjax-offline carries them (Apache-2.0).
MATHJAX = (
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",
    "output/chtml.js",
    "output/chtml/fonts",
    "a11y/assistive-mml.js",
)

LABEL = re.compile(r"ex-(\d+)-(\d+)")


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    register_plugin("pybtex.style.formatting", "drr", AuthorYearStyle)
    app.connect("config-inited", measured_times)
    app.connect("config-inited", launch_buttons)
    app.connect("config-inited", chapters_first)
    app.connect("config-inited", share_html_handlers, priority=900)
    app.connect("html-page-context", drop_repeated_scripts, priority=900)
    app.connect("builder-inited", copy_mathjax)
    app.connect("doctree-read", name_solutions)
    app.connect("doctree-read", tell_exercises_apart)
    app.connect("build-finished", offer_readers_notebooks)
    app.connect("env-check-consistency", number_exercises)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class AuthorYearLabels(BaseLabelStyle):
    """Labels of the bibliography as the pages cite: Liu et al., 2018."""

    def format_labels(self, sorted_entries: Any) -> Any:
        """One label an entry, in their order."""
        for entry in sorted_entries:
            names = [" ".join([*person.prelast_names, *person.last_names]) for person in entry.persons["author"]]
            shown = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
            yield f"{shown}, {entry.fields['year']}"


class AuthorYearStyle(PlainStyle):
    """Plain, with these labels."""

    default_label_style = AuthorYearLabels


def measured_times(app: Any, config: Any) -> None:
    """`{{ time_5 }}` on a page: how long chapter 5 takes to read and to run, from the result file."""
    config.myst_substitutions.update(times.measured_times(RESULTS))


def offer_readers_notebooks(app: Any, error: Exception | None) -> None:
    """A page's download button gives the notebook that is made for readers."""
    if error is None and app.builder.format == "html":
        replace_downloads(Path(app.outdir, "_sources", "book"), app.config.html_baseurl)


def launch_buttons(app: Any, config: Any) -> None:
    """Buttons to the repository, Binder and Colab, only where BOOK_REPOSITORY says where the repository is."""
    address = os.environ.get("BOOK_REPOSITORY", "").rstrip("/")
    if not address:
        return
    services = {"binderhub_url": "https://mybinder.org", "colab_url": "https://colab.research.google.com"}
    config.html_theme_options |= {
        "repository_url": address,
        "repository_branch": os.environ.get("BOOK_BRANCH", "main"),
        "use_repository_button": True,
        "use_issues_button": True,
        "launch_buttons": services | {"notebook_interface": "jupyterlab"},
    }


def chapters_first(app: Any, config: Any) -> None:
    """Who searches for "replay" finds the pages about it before the modules of that name."""
    config.html_search_scorer = str(Path(__file__).with_name("search.js"))


def share_html_handlers(app: Any, config: Any) -> None:
    """sphinx-exercise registers its nodes for 'singlehtml' by name, which hides all others' 'html' ones there."""
    handlers = app.registry.translation_handlers
    if "singlehtml" in handlers:
        handlers["singlehtml"] = {**handlers.get("html", {}), **handlers["singlehtml"]}


def drop_repeated_scripts(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Sphinx 7.4 lists a late inline script twice, and its constants may be declared once only."""
    seen: set[str] = set()
    kept = []
    for script in context["script_files"]:
        body = getattr(script, "attributes", {}).get("body")
        if body is None or body not in seen:
            kept.append(script)
        seen.add(body)
    context["script_files"][:] = kept


def name_solutions(app: Any, doctree: Any) -> None:
    """A folded solution says that it is one, and not "code cell content"."""
    for node in doctree.findall(lambda each: "tag_solution" in getattr(each, "attributes", {}).get("classes", ())):
        node["prompt_show"], node["prompt_hide"] = "Show the solution", "Hide the solution"


def tell_exercises_apart(app: Any, doctree: Any) -> None:
    """sphinx-exercise gives what stands in every exercise the same id."""
    for node in doctree.findall(lambda each: getattr(each, "attributes", {}).get("ids") == ["exercise-content"]):
        node["ids"] = [f"{node.parent['ids'][0]}-content"]


def number_exercises(app: Any, env: Any) -> None:
    """An exercise has the number of its label and of its check, on whichever page it stands: `ex-5-2` is 5.2."""
    for numbered in env.toc_fignumbers.values():
        exercises = numbered.get("exercise", {})
        for label in exercises:
            found = LABEL.fullmatch(label)
            if found:
                exercises[label] = (int(found[1]), int(found[2]))


def copy_mathjax(app: Any) -> None:
    """Put MathJax beside the pages."""
    if app.builder.format != "html":
        return
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("formulas need the package sphinx-mathjax-offline; install the extra drr_tutorial[book]")
    source = Path(package.submodule_search_locations[0], "static", "mathjax")
    target = Path(app.outdir, "_static", "mathjax")
    for name in MATHJAX:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy2
        copy(source / name, target / name, **({"dirs_exist_ok": True} if copy is shutil.copytree else {}))
