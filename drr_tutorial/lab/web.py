"""The command `export-web`: trained agents as a script for a page (`recommenders.web`); by default those of the book's
page "Play".

Those are the package's default, trained already, and an agent for each state representation of chapter 3: the preset
`simple`, its vectors shorter, so that the page is small and a reader can see each number. They learn from all ratings
and keep their last weights.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import tyro
from tqdm.auto import tqdm

from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.recommenders.pretrained import load_pretrained
from drr_tutorial.recommenders.web import export_web
from drr_tutorial.representation.states import STATES
from drr_tutorial.storage import as_path
from drr_tutorial.training.runs import AGENT

DATA = "ml-100k"
N_FACTORS = 32
DEFAULT = "default"


def export(
    file: Annotated[Path, tyro.conf.Positional],
    /,
    agent: tyro.conf.UseAppendAction[tuple[Path, ...]] = (),
    quiet: bool = False,
) -> None:
    """Write trained agents as a script for a web page, which then recommends without a server.

    Args:
        file: Where to, such as films.js.
        agent: Folder of a finished training, which gives the name; several of one catalogue: --agent A --agent B.
            Default: the agents of the book's page Play, from MovieLens 100K, in about a minute.
        quiet: No bar.
    """
    agents = {as_path(folder).name: _saved(as_path(folder)) for folder in agent} or agents_of_book(progress=not quiet)
    if len(agents) < len(agent):
        raise ValueError(f"--agent must name folders of different names, got {', '.join(map(str, agent))}")
    size = export_web(agents, file)
    print(f"{file}: {size / 1e6:.2f} MB, {', '.join(agents)}")


def agents_of_book(ratings: Ratings | None = None, *, progress: bool = True) -> dict[str, DRRRecommender]:
    """An agent of each state representation, and the default, on MovieLens 100K, of which `ratings` is all.

    Raises `DataError` where the data are not at hand and cannot be fetched.
    """
    ratings = load_ratings(DATA) if ratings is None else ratings
    states = {
        state: DRRRecommender(of_state(state), progress=False).fit(ratings)
        for state in tqdm(STATES, "agents", unit="agent", disable=not progress)
    }
    return {**states, DEFAULT: load_pretrained(DATA, ratings)}


def of_state(state: str) -> ExperimentConfig:
    """The preset `simple` with another state."""
    simple = PRESETS["simple"]
    return replace(
        simple,
        embedding=replace(simple.embedding, n_factors=N_FACTORS),
        agent=replace(simple.agent, state=state),
        training=replace(simple.training, validation_share=0.0),
    )


def _saved(folder: Path) -> DRRRecommender:
    found = Recommender.load(folder / AGENT if (folder / AGENT).exists() else folder)
    if not isinstance(found, DRRRecommender):
        raise ValueError(f"--agent must be a folder of a DRR agent, {folder} holds a {type(found).__name__}")
    return found
