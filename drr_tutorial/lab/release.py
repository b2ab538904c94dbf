"""The agent that comes with the package: trained on all of MovieLens 100K, written with its model card."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import drr_tutorial
from drr_tutorial.config import PRESETS
from drr_tutorial.data.load import load_ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.recommenders.pretrained import FORMAT, TABLES, shipped
from drr_tutorial.storage import checksum, whole_folder, write_arrays, write_json

USE = """\
**Use.** `load_pretrained("NAME").recommend(user=42, k=10)`, and `recommend_for([50, 181])` for somebody who is not in
the data but likes these films. The ratings are not in the package: `load_ratings` fetches them from their source.

**How good it is.** These weights have seen all ratings, so nothing is left to test them on. The same settings, trained
without the test part, are measured in the chapter "Making it win" of the book.

**What it is not for.** The films end in 1998, and few people rated them, most of them students: do not take its lists
for anybody's taste today. What many liked is recommended more often than what few did. MovieLens may not be used to
make money without permission of its makers, GroupLens; treat what was learned from it the same.
"""


def make_pretrained(name: str = "ml-100k", folder: Path | None = None) -> Path:
    """Train the default on all of a data set, seed 0, and write the files; returns their folder.

    Raises `ValueError` for a name that is not in `NAMES`, `DataError` without the data.
    """
    folder = shipped(name) if folder is None else Path(folder)
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
        about |= {"sha256": checksum(weights), "bytes": weights.stat().st_size}
        write_json(temporary / "about.json", about)
        (temporary / "README.md").write_text(_card(agent, about), encoding="utf-8")


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
