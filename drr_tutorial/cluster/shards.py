"""A log of ratings in shards: each worker has some of the users, with all that is known of them, and nobody else's.

A shard holds its users' ratings, vectors and validation lists, and the vectors of all items. Its settings are those of
the whole, divided by the number of workers: users at play, batch, steps between updates, capacity. So all workers
together step, update and keep as much as one process does.
"""

from copy import copy
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.config import ExperimentConfig
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.environment.rewards import earned
from drr_tutorial.recommenders.validation import Validation

Floats = NDArray[np.float32]
Users = NDArray[np.int64]


class Whole(NamedTuple):
    """What one process would train on."""

    config: ExperimentConfig
    rewarded: Ratings
    """Ratings that pay rewards."""
    known: Ratings | None
    """Those from before; None: the rewarded ones are all there is."""
    users: Floats
    """(n_users, k) vectors."""
    items: Floats
    """(n_items, k)"""
    validation: Validation | None


class Shard(NamedTuple):
    """What one worker trains on."""

    whole: ExperimentConfig
    """The settings of all workers together."""
    config: ExperimentConfig
    """This worker's."""
    rewarded: Ratings
    """Of the shard's m users, whose places are 0 to m - 1."""
    known: Ratings | None
    unrated: NDArray[np.bool_]
    """(n_items,) what nobody rated, in no shard: it is shown to nobody."""
    users: Floats
    """(m, k) vectors of the shard's users."""
    items: Floats
    """(n_items, k) vectors of all items."""
    validation: Validation | None
    """Lists of the shard's users; None: of no shard."""


def require_shards(config: ExperimentConfig, workers: int) -> None:
    """`ValueError` for settings that so many workers cannot share evenly, or that need one process."""
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise ValueError(f"workers must be a whole number of at least 1, got {workers!r}")
    settings = {
        "environment.num_envs": config.environment.num_envs,
        "training.batch_size": config.training.batch_size,
        "training.steps_per_update": config.training.steps_per_update,
    }
    for name, value in settings.items():
        if value % workers:
            raise ValueError(
                f"{name} must be a multiple of the number of workers, {workers}, got {value}; each has an equal part"
            )
    if workers > 1 and config.embedding.learning_rate > 0:
        raise ValueError(
            f"embedding.learning_rate must be 0 with {workers} workers, got {config.embedding.learning_rate}: each has "
            "the vectors of its own users only; keep the vectors fixed, or train with one"
        )
    if workers > 1 and config.agent.n_steps > 1:
        raise ValueError(
            f"agent.n_steps must be 1 with {workers} workers, got {config.agent.n_steps}: replays that fill unevenly "
            "would not update together; train with one"
        )
    if config.device != "cpu":
        raise ValueError(f"device must be cpu on a cluster, got {config.device!r}; a GPU trains in one process")


def cut(whole: Whole, workers: int) -> list[Shard]:
    """The shards of `workers` workers. Raises `ValueError` (see `require_shards`), `DataError` for fewer users to play
    with than workers.
    """
    require_shards(whole.config, workers)
    positives = _positives(whole)
    dealt = deal(positives, workers)
    steps = max(1, round(whole.config.training.passes * positives.sum() / workers))
    rated = [part.items for part in (whole.rewarded, whole.known) if part is not None]
    unrated = np.isin(np.arange(whole.rewarded.n_items), np.concatenate(rated), invert=True)
    return [
        Shard(
            whole.config,
            _of_worker(whole.config, rank, workers, steps / positives[users].sum()),
            of_users(whole.rewarded, users),
            None if whole.known is None else of_users(whole.known, users),
            unrated,
            whole.users[users],
            whole.items,
            None if whole.validation is None else _lists_of(whole.validation, users),
        )
        for rank, users in enumerate(dealt)
    ]


def _positives(whole: Whole) -> Users:
    """(n_users,) how many steps each user plays in a pass: what pays; 0 for whoever is not played with."""
    pays = whole.rewarded.users[earned(whole.rewarded, whole.config.environment.reward) > 0]
    positives = np.bincount(pays, minlength=whole.rewarded.n_users)
    return np.where(positives >= whole.config.environment.min_positives, positives, 0)


def deal(positives: Users, workers: int) -> list[Users]:
    """Users (n_users,), dealt like cards by how long they play: each worker's, ascending. `DataError` where fewer users
    play than there are workers.
    """
    n_playing = int(np.count_nonzero(positives))
    if n_playing < workers:
        raise DataError(
            f"workers must be at most the number of users to play with, {n_playing}, got {workers}; give fewer "
            "workers, or lower environment.min_positives"
        )
    order = np.argsort(-positives, kind="stable")
    return [np.sort(order[rank::workers]) for rank in range(workers)]


def _of_worker(config: ExperimentConfig, rank: int, workers: int, passes: float) -> ExperimentConfig:
    """The settings of one worker. The first has the seed of the whole, so that one worker alone is one process."""
    training, seed = config.training, config.seed
    if rank > 0:
        seed = int(np.random.SeedSequence([config.seed, rank]).generate_state(1, np.uint64)[0]) >> 1
    return replace(
        config,
        seed=seed,
        environment=replace(config.environment, num_envs=config.environment.num_envs // workers),
        training=replace(
            training,
            passes=passes,
            batch_size=training.batch_size // workers,
            steps_per_update=training.steps_per_update // workers,
            capacity=max(1, training.capacity // workers),
            log_every=max(1, training.log_every // workers),
        ),
    )


def of_users(ratings: Ratings, users: Users) -> Ratings:
    """The ratings of some users (m,), ascending, whose places become 0 to m - 1; all items stay."""
    mine = ratings.select(np.isin(ratings.users, users))
    return replace(mine, users=np.searchsorted(users, mine.users).astype(np.int32), user_ids=ratings.user_ids[users])


def _lists_of(validation: Validation, users: Users) -> Validation:
    """The lists of some users, as they are drawn for all; theirs are of all items, so they stay what they were."""
    part, task = copy(validation), validation.task
    asked = np.isin(validation.users, users)
    rows = np.isin(task.users, users)
    part.users = np.searchsorted(users, validation.users[asked])
    part.memory, part.disliked = validation.memory[asked], validation.disliked[asked]
    negatives = None if task.negatives is None else task.negatives[rows]
    places = np.searchsorted(users, task.users[rows]).astype(np.int32)
    part.task = replace(task, users=places, items=task.items[rows], negatives=negatives, user_ids=task.user_ids[users])
    return part
