"""A flat picture of vectors: the plane that keeps most of how their directions differ."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def principal_plane(vectors: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The flat picture that keeps most of the vectors' directions: places (m, 2) and each axis' share of variance (2,).

    Principal component analysis of `vectors` (m, k), each scaled to length 1 (a vector of zeros stays). An axis points
    to where its outermost vector lies, so that one input has one picture. Raises `ValueError` for fewer than two
    vectors or dimensions, and where all directions are the same.
    """
    values = np.asarray(vectors, dtype=np.float64)
    if values.ndim != 2 or min(values.shape) < 2:
        raise ValueError(f"vectors must have at least 2 rows and 2 columns, got shape {values.shape}")
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    directions = values / np.where(lengths > 0, lengths, 1)
    centred = directions - directions.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred)  # ascending
    if variances[-1] < 1e-12:
        raise ValueError(f"vectors must differ in direction, got {len(values)} alike")
    places = centred @ axes[:, :-3:-1]
    places *= np.sign(places[np.abs(places).argmax(axis=0), [0, 1]])
    return places, np.asarray(variances[:-3:-1] / variances.sum())
