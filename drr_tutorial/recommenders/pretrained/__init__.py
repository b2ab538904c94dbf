"""An agent that is trained already: its weights are part of the package, its ratings are not (chapter 15).

    agent = load_pretrained("ml-100k")
    agent.recommend(user=42, k=10)

A folder here for each data set holds `weights.safetensors` (numbers of 16 bits), `about.json` (settings, fingerprint of
the training data, checksum of the weights) and a model card, `README.md`; `lab.release` writes them.
MovieLens may not be passed on, so who likes what comes from the reader's own copy, which must be the data of the
training: the vectors of users and films are in its order.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.config import ExperimentConfig
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import DataError, Ratings, require_ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.representation.embeddings import scaled
from drr_tutorial.storage import StorageError, checksum, read_arrays, read_json

FORMAT = 1
SHIPPED = Path(__file__).parent
NAMES = ("ml-100k",)
TABLES = ("networks/users.weight", "networks/items.weight")  # follow from the vectors: not stored


def load_pretrained(
    name: str = "ml-100k", ratings: Ratings | None = None, *, folder: Path | None = None
) -> DRRRecommender:
    """The agent that was trained on the data set `name`; as good as fitted, within the rounding to 16 bits.

    `ratings`: the training data, by default `load_ratings(name)`. `folder`: where the files are, by default in the
    package. Raises `ValueError` for a name that is not in `NAMES`, `StorageError` for files that are damaged or of
    another version, `DataError` for other ratings than those of the training.
    """
    folder = shipped(name) if folder is None else Path(folder)
    about, arrays = _read(folder)
    ratings = load_ratings(name) if ratings is None else ratings
    require_ratings(ratings)
    if ratings.fingerprint() != about["fingerprint"]:
        raise DataError(
            f"ratings must be the data that the agent was trained on ({about['data']}, all of it, fingerprint "
            f"{about['fingerprint']}), got {ratings.name} with {ratings.fingerprint()}; fit an agent of your own: "
            "DRRRecommender().fit(ratings)"
        )
    try:
        agent = DRRRecommender(ExperimentConfig.from_json(json.dumps(about["settings"])), progress=False)
        return _restored(agent, arrays, ratings)
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        raise StorageError(f"{folder} does not fit this version of drr_tutorial ({error}); install it again") from error


def model_card(name: str = "ml-100k") -> str:
    """What the weights are, how they were made, what they are not for: Markdown. `ValueError` for an unknown name."""
    return (shipped(name) / "README.md").read_text(encoding="utf-8")


def shipped(name: str) -> Path:
    """The folder of the files that come with the package. `ValueError` for a name that is not in `NAMES`."""
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, got {name!r}; for other data fit an agent")
    return SHIPPED / name


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    about = read_json(folder / "about.json")
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise StorageError(f"{folder} does not hold an agent of this version of drr_tutorial; install it again")
    weights = folder / "weights.safetensors"
    try:
        found = checksum(weights)
    except OSError as error:
        raise StorageError(f"cannot read {weights} ({error.strerror}); install drr_tutorial again") from error
    if found != about.get("sha256"):
        raise StorageError(
            f"{weights} is damaged: its sha256 is {found}, expected {about.get('sha256')}; install drr_tutorial again"
        )
    return about, read_arrays(weights)[0]


def _restored(agent: DRRRecommender, arrays: dict[str, NDArray[Any]], ratings: Ratings) -> DRRRecommender:
    """The agent with these arrays; its tables of vectors follow from the parts, its memories from the ratings."""
    k = agent._config.embedding.length
    shapes = dict(zip(TABLES, ((ratings.n_users, k), (ratings.n_items + 1, k)), strict=True))
    empty = {name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}
    agent._load_arrays({name: array.astype(np.float32) for name, array in arrays.items()} | empty)
    agent.networks.replace_vectors(*scaled(agent.embeddings))
    agent._remember(ratings)
    return agent
