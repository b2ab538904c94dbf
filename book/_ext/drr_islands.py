"""Islands: parts of a page that answer, made by small scripts of our own. `{island} name` puts one on a page.

What stands inside the directive is the island without scripts, on paper, and for whoever prefers it. A page loads the
scripts of its own islands and no others; what they know is written beside them when the book is built (`island_data`).
All are plain scripts, so that a book opened from a disk works, too.
"""

import json
import shutil
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from island_data import DATA, exported

FOLDER = "islands"  # of static/
SHARED = ("loader", "controls", "plot", "random")


class Island(NamedTuple):
    """What an island loads beside the shared scripts, in this order."""

    data: tuple[str, ...]  # of `island_data.DATA`
    scripts: tuple[str, ...]  # of static/islands/, without ".js"; the last registers the island


ISLANDS = {
    "tiny-play": Island(data=("tiny",), scripts=("tiny_world", "tiny_play")),
    "train-here": Island(
        data=("planning",),
        scripts=(
            *("planning_world", "networks", "whole_agent", "replay", "evaluation", "training"),
            *("session_plot", "train_here"),
        ),
    ),
    "watch-episode": Island(data=("episodes",), scripts=("episode_picture", "watch_episode")),
    "be-user": Island(
        data=("films",), scripts=("linear", "film_networks", "film_model", "film_session", "strip", "be_user")
    ),
    "film-map": Island(data=("films",), scripts=("linear", "film_networks", "film_model", "film_session", "film_map")),
    "seeds-explorer": Island(data=("seeds",), scripts=("student", "seeds_explorer")),
}


class IslandNode(nodes.General, nodes.Element):
    """An island; its children are the fallback."""


class IslandDirective(Directive):
    """`{island} name` with `:alt:`, a sentence that says what one can do there, and the fallback as content.

    `:folds: NAME`: the figure of this name on the page belongs to the fallback, too, and is put there by the scripts.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"alt": directives.unchanged_required, "folds": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """The island, with its content parsed."""
        name = self.arguments[0]
        if name not in ISLANDS:
            raise self.error(f"there is no island {name!r}, only {', '.join(ISLANDS)}; see ISLANDS in {__name__}")
        if "alt" not in self.options:
            raise self.error(f"island {name!r} needs :alt:, a sentence that says what one can do there")
        if not self.content:
            raise self.error(f"island {name!r} needs content: what stands there on paper and without scripts")
        node = IslandNode("", name=name, alt=self.options["alt"], folds=self.options.get("folds"))
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("island", IslandDirective)
    others = dict.fromkeys(("latex", "text", "man", "texinfo"), (show_fallback, show_fallback))
    app.add_node(IslandNode, html=(enter, leave), **others)
    app.connect("builder-inited", write_data)
    app.connect("html-page-context", load_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def enter(writer: Any, node: IslandNode) -> None:
    """A box that a script finds by name."""
    asked = {"CLASS": "island", "role": "region", "data-island": node["name"], "aria-label": node["alt"]}
    if node["folds"]:
        asked["data-folds"] = node["folds"]
    writer.body.append(writer.starttag(node, "div", **asked))
    writer.body.append('<div class="island-fallback">\n')


def leave(writer: Any, node: IslandNode) -> None:
    """Both boxes end."""
    writer.body.append("</div></div>\n")


def show_fallback(writer: Any, node: IslandNode) -> None:
    """Elsewhere an island is what it is on paper."""


def write_data(app: Any) -> None:
    """A script for each part of the data."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in DATA.items():
        (folder / data_file(name)).write_text(as_script(name, made()), encoding="utf-8")
    for name, path in exported().items():
        shutil.copyfile(path, folder / data_file(name))


def as_script(name: str, value: Any) -> str:
    """`drr.data[name]`; scripts load from a disk, where other files do not."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return f'drr.data["{name}"] = {text};\n'


def data_file(name: str) -> str:
    """The name of its script."""
    return f"data-{name}.js"


def can_live(name: str) -> bool:
    """Whether all data of the island are there; without them it stays what it is on paper."""
    return {*ISLANDS[name].data} <= {*DATA, *exported()}


def files_of(names: list[str]) -> list[str]:
    """The scripts of these islands, each once, in an order in which they work."""
    shared = [f"{name}.js" for name in SHARED]
    data = [data_file(name) for island in names for name in ISLANDS[island].data]
    own = [f"{name}.js" for island in names for name in ISLANDS[island].scripts]
    return list(dict.fromkeys([*shared, *data, *own]))


def load_scripts(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """On a page with islands: their scripts and styles."""
    names = [node["name"] for node in doctree.findall(IslandNode)] if doctree is not None else []
    if names := [name for name in names if can_live(name)]:
        app.add_css_file(f"{FOLDER}/islands.css")
        for file in files_of(names):
            app.add_js_file(f"{FOLDER}/{file}", loading_method="defer")
