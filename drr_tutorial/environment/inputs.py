"""What the environments take: settings, options of a reset, actions. All else is refused by an error that names it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.data.ratings import Ratings


def check_settings(ratings: Any, history: Any, candidates: Any, max_steps: Any, **counts: Any) -> None:
    """`counts` are settings that must be whole numbers of at least 1. Raises `ValueError`."""
    for name, value in {"ratings": ratings, "history": history}.items():
        if not (isinstance(value, Ratings) or (name == "history" and value is None)):
            raise ValueError(f"{name} must be Ratings, got {type(value).__name__}; read them with load_ratings(name)")
    if candidates not in ("balanced", "catalogue"):
        raise ValueError(f"candidates must be 'balanced' or 'catalogue', got {candidates!r}")
    if max_steps is not None:
        check_counts("; None means one step a positive item", max_steps=max_steps)
    check_counts(**counts)


def check_counts(advice: str = "", /, **counts: Any) -> None:
    """Raises `ValueError` for a setting that is no whole number of at least 1."""
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}{advice}")


def check_render_mode(mode: Any, modes: tuple[str, ...], advice: str = "") -> None:
    """Raises `ValueError` for a mode that is neither None nor among `modes`."""
    if mode is not None and mode not in modes:
        there_are = " or ".join(map(repr, [None, *modes]))
        raise ValueError(f"render_mode must be {there_are}, got {mode!r}{advice}")


def known_options(options: Mapping[str, Any] | None, *known: str) -> dict[str, Any]:
    """The options of a reset that are given. Raises `ValueError` for one that is not `known`: it would do nothing."""
    if not isinstance(options, Mapping | None):
        raise ValueError(f"options of reset must be a dictionary, got {options!r}")
    unknown = [name for name in options or {} if name not in known]
    if unknown:
        raise ValueError(f"options of reset must be among {', '.join(map(repr, known))}; got {unknown[0]!r}")
    return {name: value for name, value in (options or {}).items() if value is not None}


def candidate_mask(candidates: ArrayLike, n_items: int) -> NDArray[np.bool_]:
    """Item indices as a mask (n_items,). Raises `ValueError` for none, doubles, and what is no index."""
    items = _array(candidates)
    fits = items.ndim == 1 and len(items) > 0 and items.dtype.kind in "iu"
    if not fits or items.min() < 0 or items.max() >= n_items or len(np.unique(items)) < len(items):
        raise ValueError(
            f"options['candidates'] must be different item indices from 0 to {n_items - 1}, at least one, "
            f"got {np.array2string(items, threshold=6)}; numpy.flatnonzero(mask) makes them from a mask"
        )
    return np.isin(np.arange(n_items), items)


def reset_mask(mask: ArrayLike | None, num_envs: int) -> NDArray[np.bool_]:
    """Which environments start anew, (num_envs,): all for None. Raises `ValueError` for another shape or type."""
    chosen = np.ones(num_envs, dtype=np.bool_) if mask is None else _array(mask)
    if chosen.shape != (num_envs,) or chosen.dtype != np.bool_:
        raise ValueError(
            f"options['reset_mask'] must be {num_envs} truth values, got shape {chosen.shape} of {chosen.dtype}; "
            "pass terminated | truncated"
        )
    return chosen


def item_indices(actions: Any, shape: tuple[int, ...], n_items: int) -> NDArray[np.integer[Any]]:
    """Actions as item indices of `shape`: () or (num_envs,).

    Raises `ValueError` for other shapes, for fractions, NaN, truth values and text, and for what is not in the
    catalogue.
    """
    noun = f"actions must be {shape[0]} item indices" if shape else "action must be an item index"
    rule = f"{noun} from 0 to {n_items - 1}"
    items = _array(actions)
    if items.shape != shape or items.dtype.kind not in "iu":
        got = repr(actions) if items.shape == () else f"shape {items.shape}"
        raise ValueError(f"{rule}, got {got} of {items.dtype}; pass whole numbers, such as action_space.sample() gives")
    if items.min() < 0 or items.max() >= n_items:
        raise ValueError(f"{rule}, got " + (f"values from {items.min()} to {items.max()}" if shape else f"{items}"))
    return items


def action_vector(action: Any, size: int) -> NDArray[np.float32]:
    """An action as a vector (size,). Raises `ValueError` for another shape, text, NaN and infinity."""
    vector = _array(action)
    largest = np.finfo(np.float32).max
    fits = vector.shape == (size,) and vector.dtype.kind in "iuf"
    if not fits or not (np.abs(vector) <= largest).all():
        raise ValueError(
            f"action must be a vector of {size} finite numbers, got shape {vector.shape} of {vector.dtype}"
            + (": NaN or infinite; has training diverged?" if fits else "; pass one vector a step")
        )
    return vector.astype(np.float32)


def item_vector_table(item_vectors: ArrayLike, n_items: int) -> NDArray[np.float32]:
    """One vector an item, (n_items, d) with d at least 1, finite. Raises `ValueError` for anything else."""
    vectors = np.asarray(item_vectors, dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != n_items or vectors.shape[1] < 1:
        raise ValueError(f"item_vectors must be ({n_items}, d), one row an item, got shape {vectors.shape}")
    if not np.isfinite(vectors).all():
        wrong = np.count_nonzero(~np.isfinite(vectors).all(axis=1))
        raise ValueError(f"item_vectors must be finite, got NaN or infinity in {wrong} of {n_items} rows")
    return vectors


def _array(value: Any) -> NDArray[Any]:
    """`value` as an array; rows of unequal length as one of objects, which nothing takes for numbers."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(value, dtype=object)
