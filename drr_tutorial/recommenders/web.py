"""Trained agents for a page: catalogue, vectors and weights as one script, with which a browser makes the lists itself.

The script sets `drr.data["films"]`, so that it loads from a disk, too. It has what `recommend_for` needs, and nobody's
ratings or vectors: of the users only what is one number or vector for all of them (their mean, their covariance).

    name     what the data is called
    items    ids, titles, genres (places in `genreNames`), as they are in the data
    places   (n_items, 2) in [-1, 1]: where the items lie, by the first agent's vectors
    spread   the share of how their directions differ that `places` shows
    agents   name, parts (how vectors are folded in), state, actor, warm start; arrays by their keys
    arrays   key -> shape, type ("float16" where that loses nothing, else "float32"), base64 of little-endian numbers

A list is that of `recommend_for(liked, disliked_items=disliked)`: what was answered is left out, so an agent that puts
dislikes last needs nothing more.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import nn

from drr_tutorial.actor_critic.networks import OneForAll
from drr_tutorial.actor_critic.warm_start import LIMIT
from drr_tutorial.environment.taste import taste_of_factors
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.representation.answers import NOISE_SCALE
from drr_tutorial.representation.embeddings import TYPICAL_COUNT, Embeddings
from drr_tutorial.representation.plane import principal_plane
from drr_tutorial.representation.states import STATES
from drr_tutorial.storage import as_path, whole_file

Arrays = dict[str, dict[str, Any]]


def export_web(agents: Mapping[str, DRRRecommender], path: str | Path) -> int:
    """Write agents of one catalogue, by the names that readers see, as a script; returns its bytes.

    Raises `ValueError` for no agent, for different catalogues and for an agent that a page cannot follow,
    `RuntimeError` for an unfitted one, `StorageError`.
    """
    text = f'drr.data["films"] = {json.dumps(as_values(agents), separators=(",", ":"), allow_nan=False)};\n'
    with whole_file(as_path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return len(text.encode())


def as_values(agents: Mapping[str, DRRRecommender]) -> dict[str, Any]:
    """What the script holds, JSON-able."""
    _require_one_catalogue(agents)
    first, arrays = next(iter(agents.values())), Arrays()
    data = first.ratings
    places, shares = principal_plane(first.networks.item_vectors().detach().cpu().numpy())
    names = sorted({genre for genres in data.genres for genre in genres})
    items = {
        "ids": data.item_ids.tolist(),
        "titles": data.titles.tolist(),
        "genreNames": names,
        "genres": [[names.index(genre) for genre in genres] for genres in data.genres],
    }
    return {
        "name": data.name,
        "items": items,
        "places": _kept(arrays, (places / np.abs(places).max()).astype(np.float32)),
        "spread": float(shares.sum()),
        "agents": [{"name": name, **_agent(agent, arrays)} for name, agent in agents.items()],
        "arrays": arrays,
    }


def _require_one_catalogue(agents: Mapping[str, DRRRecommender]) -> None:
    if not agents:
        raise ValueError("agents must be at least one trained agent by name, got none")
    first = next(iter(agents.values())).ratings
    for name, agent in agents.items():
        if not np.array_equal(agent.ratings.item_ids, first.item_ids):
            raise ValueError(
                f"agents must have one catalogue, that of {name!r} ({agent.ratings.n_items} items) differs from the "
                f"first one's ({first.n_items}); train them on the same data"
            )
        config = agent._config
        unfit = {
            f"embedding.method={config.embedding.method!r}": config.embedding.method == "scratch",
            f"embedding.learning_rate={config.embedding.learning_rate}": config.embedding.learning_rate > 0,
            f"agent.state={config.agent.state!r}": config.agent.state not in STATES or not _is_ours(agent),
        }
        for setting, is_unfit in unfit.items():
            if is_unfit:
                raise ValueError(
                    f"agent {name!r} was trained with {setting}, which a page cannot follow: it needs vectors of "
                    f"ratings alone (ials or pmf, learning_rate 0) and a state of {', '.join(STATES)}"
                )


def _is_ours(agent: DRRRecommender) -> bool:
    """Whether its state is of the package, and not another one entered under that name."""
    return type(agent.networks.state).__module__ == "drr_tutorial.representation.states"


def _agent(agent: DRRRecommender, arrays: Arrays) -> dict[str, Any]:
    networks, config = agent.networks, agent._config.agent
    joint, warm = agent.embeddings, networks.warm_start
    scales = joint._scales
    parts = [_part(part, factors, arrays) for part, factors in zip(joint.parts, scales, strict=True)]
    if joint.parts[0].method == "ials":
        parts[0] |= _taste(agent, arrays)
    matrices = {"fold": warm.fold, "spread": warm.spread} if config.memory_weight else {}
    fold = {name: _kept(arrays, matrix.cpu().numpy()) for name, matrix in matrices.items()}
    return {
        "parts": parts,
        "itemSize": max(float(joint.items.std()), 1e-12),
        "memory": config.memory_size,
        "state": {"name": config.state, **_weights(networks.state, arrays)},
        "starts": networks.starts_warm,
        "warm": {"weight": config.memory_weight, "decay": config.memory_decay, "limit": LIMIT, **fold},
        "actor": {
            "end": config.actions, "residual": config.warm_start, "gates": config.correction != "sum",
            "shared": isinstance(networks.actor.layers[0], OneForAll), **_weights(networks.actor.layers, arrays),
        },
    }  # fmt: skip


def _part(part: Embeddings, factors: tuple[np.float32, np.float32], arrays: Arrays) -> dict[str, Any]:
    """Items, and what folds somebody in (`Embeddings.fold_in`)."""
    return {
        "method": part.method,
        "items": _kept(arrays, part.items),
        "average": _kept(arrays, part.users.mean(axis=0)),
        "userFactor": float(factors[0]),
        "itemFactor": float(factors[1]),
        "regularization": part.regularization,
        "alpha": part.alpha,
        "countPower": part.count_power,
        "typicalCount": TYPICAL_COUNT,
    }


def _taste(agent: DRRRecommender, arrays: Arrays) -> dict[str, Any]:
    """The distribution of tastes by which dislikes are folded in (`representation.answers`)."""
    part, likes = agent.embeddings.parts[0], agent.ratings.positives().matrix()
    taste = taste_of_factors(part.users, part.items, likes, NOISE_SCALE)
    nothing = csr_array(np.zeros((len(part.users), part.n_factors), dtype=np.float32))
    axes = taste_of_factors(part.users, np.eye(part.n_factors, dtype=np.float32), nothing)
    found = {"centre": axes.mean, "root": axes.loadings, "noise": taste.noise}
    return {"taste": {name: _kept(arrays, array) for name, array in found.items()}}


def _weights(module: nn.Module, arrays: Arrays) -> dict[str, Any]:
    """Its parameters by name, in order."""
    return {"weights": {n: _kept(arrays, p.detach().cpu().numpy()) for n, p in module.named_parameters()}}


def _kept(arrays: Arrays, array: NDArray[Any]) -> str:
    """The key of an array among those to be written; equal ones are written once."""
    small = array.astype(np.float16)
    kept = small if np.array_equal(small.astype(np.float32), array) else array.astype("<f4")
    key = hashlib.sha256(kept.tobytes()).hexdigest()[:12]
    text = base64.b64encode(kept.astype(kept.dtype.newbyteorder("<")).tobytes()).decode()
    arrays[key] = {"shape": list(array.shape), "type": str(kept.dtype), "base64": text}
    return key
