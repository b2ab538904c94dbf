"""An invented world of films and viewers, for trying things out without a network.

Every genre is a direction in a space of tastes. A film lies near its genres' directions and has an appeal of
its own; a viewer loves some genres and dislikes others. People mostly watch what is popular and what they
expect to like, and rate what they watch by how well it suits them. So popularity is better than chance, and
whoever recovers the hidden tastes is better than popularity. The two are what a recommender's test needs, and
the hidden world is known.
"""

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.data.ratings import DataError, Ratings

_GENRES = (
    "Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|Horror|Mystery|Romance|Sci-Fi|War"
).split("|")
_FIRST_WORDS = (
    "Silent|Golden|Last|Broken|Hidden|Crimson|Endless|Paper|Winter|Burning|Lost|Midnight|Distant|Quiet|Electric|Savage|"
    "Gentle|Frozen|Second|Borrowed|Velvet|Hollow|Bright|Forgotten"
).split("|")
_SECOND_WORDS = (
    "Harbor|Promise|Garden|Empire|Mirror|Summer|Letter|River|Detective|Kingdom|Orchard|Machine|Voyage|Stranger|Lantern|"
    "Season|Bridge|Melody|Island|Shadow|Witness|Carnival|Horizon|Secret"
).split("|")

_POPULARITY_SPREAD = 1.2  # of the logarithm: the most popular films are watched by most, the rest by few
_TASTE_WEIGHT = 1.6  # how far taste, beside popularity, decides what is watched
_DAY = 86_400  # seconds


def synthetic_ratings(*, seed: int = 0, n_users: int = 300, n_items: int = 500, n_factors: int = 8) -> Ratings:
    """An invented `Ratings` with ids 1, 2, ..., times, titles and genres: the same for the same arguments.

    Each user rates 20 films or more (a quarter of the catalogue at most), 1 to 5 stars. A film nobody watched
    is not in the catalogue, so `n_items` is an upper bound. `n_factors` is the number of dimensions of the
    hidden tastes. Raises `DataError` for fewer than 2 users, 100 items or 1 factor.
    """
    for argument, value, least in (
        ("n_users", n_users, 2),
        ("n_items", n_items, 100),
        ("n_factors", n_factors, 1),
    ):
        if value < least:
            raise DataError(f"{argument} must be at least {least} for a synthetic world, got {value}")
    rng = np.random.default_rng(seed)
    is_genre = _draw_genres(n_items, rng)
    taste = _draw_tastes(n_users, is_genre, n_factors, rng)
    appeal = rng.normal(size=n_items)
    users, items = _watch(taste, appeal, rng)
    stars = _rate(taste, appeal, users, items, rng)
    item_ids = range(1, n_items + 1)
    return Ratings.from_columns(
        users + 1,
        items + 1,
        stars,
        _draw_times(users, n_users, rng),
        titles=dict(zip(item_ids, _invent_titles(n_items, rng), strict=True)),
        genres={item: tuple(np.compress(row, _GENRES).tolist()) for item, row in zip(item_ids, is_genre, strict=True)},
        name="synthetic",
    )


def _draw_genres(n_items: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n_items, n_genres): one to three genres a film."""
    order = rng.random((n_items, len(_GENRES))).argsort(axis=1)
    return order < rng.integers(1, 4, size=(n_items, 1))


def _draw_tastes(
    n_users: int, is_genre: NDArray[np.bool_], n_factors: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(n_users, n_items): how well each film suits each viewer; mean about 0, standard deviation 1."""
    directions = rng.normal(size=(len(_GENRES), n_factors))
    films = is_genre @ directions / np.sqrt(is_genre.sum(axis=1, keepdims=True))
    films += 0.5 * rng.normal(size=films.shape)
    affinity = rng.normal(size=(n_users, n_factors)) @ films.T
    scaled: NDArray[np.float64] = affinity / affinity.std()
    return scaled


def _watch(
    taste: NDArray[np.float64], appeal: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Who watched what, row by row in each viewer's order: popular and suitable films come often and early.

    Sorting by log weight plus Gumbel noise draws without replacement with probabilities in proportion to the
    weights.
    """
    n_users, n_items = taste.shape
    log_weight = _POPULARITY_SPREAD * appeal + _TASTE_WEIGHT * taste
    order = np.argsort(-(log_weight + rng.gumbel(size=taste.shape)), axis=1)
    n_watched = np.clip(20 * rng.lognormal(0.6, 0.7, size=n_users), 20, max(20, n_items // 4)).astype(np.int64)
    watched = np.arange(n_items) < n_watched[:, None]
    return np.nonzero(watched)[0], order[watched]


def _rate(
    taste: NDArray[np.float64],
    appeal: NDArray[np.float64],
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Stars from 1 to 5: taste, the film's appeal, the viewer's mood in general, and chance."""
    generosity = 0.3 * rng.normal(size=len(taste))
    latent = 2.9 + 0.6 * taste[users, items] + 0.3 * appeal[items] + generosity[users]
    return np.clip(np.rint(latent + 0.6 * rng.normal(size=len(users))), 1, 5)


def _draw_times(users: NDArray[np.int64], n_users: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Seconds since 1970, ascending for each viewer; viewers arrive over a year and watch every few days."""
    start = 946_684_800 + rng.integers(0, 365 * _DAY, size=n_users)
    waits = rng.exponential(3 * _DAY, size=len(users)).astype(np.int64) + 1
    elapsed = np.cumsum(waits)
    first_row = np.searchsorted(users, np.arange(n_users))  # rows are grouped by viewer
    return start[users] + elapsed - elapsed[first_row][users]


def _invent_titles(n_items: int, rng: np.random.Generator) -> list[str]:
    """Unique titles with a year; when the words run out, sequels are numbered."""
    names = [f"{first} {second}" for first in _FIRST_WORDS for second in _SECOND_WORDS]
    order = rng.permutation(len(names))
    years = rng.integers(1960, 2001, size=n_items)
    parts = ["" if part == 0 else f" {part + 1}" for part in range(n_items // len(names) + 1)]
    return [f"{names[order[i % len(names)]]}{parts[i // len(names)]} ({years[i]})" for i in range(n_items)]
