"""An agent that is trained already: its weights are part of the package, its ratings are not (chapter 10).

    agent = load_pretrained("ml-100k")
    agent.recommend(user=42, k=10)

A folder here for each data set holds `weights.safetensors` (numbers of 16 bits), `about.json` (settings, fingerprint of
the training data, checksum of the weights) and a model card, `README.md`. `make pretrained` writes them. MovieLens may
not be passed on, so who likes what comes from the reader's own copy, which must be the data of the training: the
vectors of users and films are in its order.
"""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import drr_tutorial
from drr_tutorial.agent import DRRRecommender
from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.datasets import load_ratings
from drr_tutorial.embeddings import scaled
from drr_tutorial.ratings import DataError, Ratings, require_ratings
from drr_tutorial.storage import StorageError, read_arrays, read_json, whole_folder, write_arrays, write_json

FORMAT = 1
SHIPPED = Path(__file__).parent
NAMES = ("ml-100k",)
TABLES = ("networks/users.weight", "networks/items.weight")  # follow from the vectors: not stored
USE = """\
**Use.** `load_pretrained("NAME").recommend(user=42, k=10)`, and `recommend_for([50, 181])` for somebody who is not in
the data but likes these films. The ratings are not in the package: `load_ratings` fetches them from their source.

**How good it is.** These weights have seen all ratings, so nothing is left to test them on. The same settings, trained
without the test part, are measured in the chapter "Making it win" of the book.

**What it is not for.** The films end in 1998, and few people rated them, most of them students: do not take its lists
for anybody's taste today. What many liked is recommended more often than what few did. MovieLens may not be used to
make money without permission of its makers, GroupLens; treat what was learned from it the same.
"""


def load_pretrained(
    name: str = "ml-100k", ratings: Ratings | None = None, *, folder: Path | None = None
) -> DRRRecommender:
    """The agent that was trained on the data set `name`; as good as fitted, within the rounding to 16 bits.

    `ratings`: the training data, by default `load_ratings(name)`. `folder`: where the files are, by default in the
    package. Raises `ValueError` for a name that is not in `NAMES`, `StorageError` for files that are damaged or of
    another version, `DataError` for other ratings than those of the training.
    """
    folder = _shipped(name) if folder is None else Path(folder)
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
    return (_shipped(name) / "README.md").read_text(encoding="utf-8")


def make_pretrained(name: str = "ml-100k", folder: Path | None = None) -> Path:
    """Train the default on all of a data set, seed 0, and write the files; returns their folder.

    Raises `ValueError` for a name that is not in `NAMES`, `DataError` without the data.
    """
    folder = _shipped(name) if folder is None else Path(folder)
    agent = DRRRecommender(replace(PRESETS["default"], dataset=name)).fit(load_ratings(name))
    save_pretrained(agent, folder)
    return folder


def save_pretrained(agent: DRRRecommender, folder: Path) -> None:
    """Write a fitted agent without its ratings, numbers rounded to 16 bits. Raises `StorageError`."""
    arrays = {
        name: array.astype(np.float16) for name, array in agent._arrays().items() if name not in (*TABLES, "memory")
    }
    about: dict[str, Any] = {
        "format": FORMAT,
        "version": drr_tutorial.__version__,
        "data": agent.ratings.name,
        "fingerprint": agent.ratings.fingerprint(),
        "settings": agent.settings(),
    }
    with whole_folder(folder) as temporary:
        weights = temporary / "weights.safetensors"
        write_arrays(weights, arrays, {"fingerprint": about["fingerprint"]})
        about |= {"sha256": _checksum(weights), "bytes": weights.stat().st_size}
        write_json(temporary / "about.json", about)
        (temporary / "README.md").write_text(_card(agent, about), encoding="utf-8")


def _shipped(name: str) -> Path:
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, got {name!r}; for other data fit an agent")
    return SHIPPED / name


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    about = read_json(folder / "about.json")
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise StorageError(f"{folder} does not hold an agent of this version of drr_tutorial; install it again")
    weights = folder / "weights.safetensors"
    try:
        found = _checksum(weights)
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


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _card(agent: DRRRecommender, about: dict[str, Any]) -> str:
    """The model card, Markdown."""
    ratings, config, data = agent.ratings, agent._config, about["data"]
    rows = {
        "What it is": f"an agent of the preset `default`: `{config.agent.state}`, vectors of {config.embedding.length}",
        "Made by": f"`make pretrained`, drr_tutorial {about['version']}, seed {config.seed}",
        "Trained on": f"all {len(ratings):,} ratings of {data}, {ratings.n_users:,} users, {ratings.n_items:,} films",
        "Fingerprint of the data": f"`{about['fingerprint']}`",
        "Size": f"{about['bytes'] / 1e6:.1f} MB, numbers of 16 bits",
        "SHA-256 of the weights": f"`{about['sha256']}`",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"# Model card: DRR, trained on {data}\n\n| | |\n|---|---|\n{table}\n\n{USE.replace('NAME', data)}"
