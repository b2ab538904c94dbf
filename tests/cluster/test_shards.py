"""Users in shards: nobody is lost or doubled, and workers on them learn what one process learns."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as processes

from drr_tutorial.cluster.shards import Shard, cut, deal, require_shards
from drr_tutorial.cluster.training import whole_of
from drr_tutorial.cluster.worker import folder_of, make_trainer
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.config.presets import DEFAULT, SIMPLE
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.synthetic import synthetic_ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.storage import read_arrays, read_json
from tests.toy import block_ratings

CONFIG = replace(
    DEFAULT,
    embedding=replace(DEFAULT.embedding, n_factors=8, rated_factors=4, stars_factors=4, n_iterations=3),
    environment=replace(DEFAULT.environment, num_envs=16),
    agent=replace(DEFAULT.agent, critic_hidden=(16,)),
    training=replace(DEFAULT.training, passes=6.0, batch_size=64, steps_per_update=16, evaluations=4, checkpoints=8),
)
START = "fork" if sys.platform == "linux" else "spawn"  # without importing all anew
LEARNER = replace(
    SIMPLE,
    embedding=replace(SIMPLE.embedding, n_factors=4, n_iterations=5, regularization=1.0),
    environment=replace(SIMPLE.environment, num_envs=16),
    agent=replace(
        SIMPLE.agent, warm_start=False, critic_hidden=(16,), actor_lr=3e-3, slate_size=12, slate_top=3, memory_size=3,
        correction="sum",
    ),
    training=replace(
        SIMPLE.training, passes=20.0, batch_size=64, steps_per_update=16, evaluations=4, checkpoints=4, noise=0.3,
        critic_first=0.1, reward_share=0.4,
    ),
)  # fmt: skip
TOLERANCE = 0.1  # of nDCG@10 on the validation lists, between trainings whose draws differ


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return synthetic_ratings(n_users=120, n_items=150)


@pytest.fixture(scope="module")
def alone(ratings: Ratings, tmp_path_factory: pytest.TempPathFactory) -> tuple[DRRRecommender, Path]:
    """Trained by one process, in a folder."""
    folder = tmp_path_factory.mktemp("alone")
    return DRRRecommender(CONFIG, folder=folder, progress=False).fit(ratings), folder


def shards(ratings: Ratings, workers: int, config: ExperimentConfig = CONFIG) -> list[Shard]:
    """As the driver makes them."""
    return cut(whole_of(config, ratings), workers)


def worker(rank: int, folder: str, parts: list[Shard]) -> None:
    """Train on one of the shards, its files beneath `folder`."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=len(parts))
    place = folder_of(Path(folder), rank)
    place.mkdir(parents=True, exist_ok=True)
    trainer = make_trainer(parts[rank], place)
    history = trainer.run()
    (place / "history.json").write_text(repr(history).replace("'", '"'))
    dist.barrier()  # as in test_averaging
    dist.destroy_process_group()


def test_every_user_is_in_one_shard_with_all_that_is_known_of_them(ratings: Ratings) -> None:
    whole, parts = (
        shards(ratings, 1)[0],
        shards(
            ratings,
            3,
            replace(
                CONFIG,
                environment=replace(CONFIG.environment, num_envs=15),
                training=replace(CONFIG.training, batch_size=63, steps_per_update=15),
            ),
        ),
    )
    assert sorted(np.concatenate([part.rewarded.user_ids for part in parts])) == ratings.user_ids.tolist()
    for name in ("rewarded", "known"):
        rows = [
            set(zip(table.user_ids[table.users], table.items, table.ratings, strict=True))
            for table in (getattr(part, name) for part in (whole, *parts))
        ]
        assert set.union(*rows[1:]) == rows[0]
        assert sum(map(len, rows[1:])) == len(rows[0])
    for part in parts:
        places = np.searchsorted(ratings.user_ids, part.rewarded.user_ids)
        np.testing.assert_array_equal(part.users, whole.users[places])
        np.testing.assert_array_equal(part.items, whole.items)
    assert len({part.config.seed for part in parts}) == 3


def test_lists_of_validation_are_the_same_in_shards(ratings: Ratings) -> None:
    whole, parts = shards(ratings, 1)[0], shards(ratings, 2)

    def lists(part: Shard) -> set[tuple[int, ...]]:
        task = part.validation.task
        ids = part.rewarded.user_ids[task.users]
        return set(zip(ids.tolist(), task.items.tolist(), map(tuple, task.negatives.tolist()), strict=True))

    assert lists(parts[0]) | lists(parts[1]) == lists(whole)
    assert not lists(parts[0]) & lists(parts[1])


def test_whoever_plays_long_is_dealt_evenly() -> None:
    positives = np.array([9, 1, 0, 8, 2, 0, 7])
    first, second = deal(positives, 2)
    assert sorted(np.concatenate([first, second])) == list(range(7))
    assert abs(int((positives[first] > 0).sum()) - int((positives[second] > 0).sum())) <= 1
    assert (np.diff(first) > 0).all() and (np.diff(second) > 0).all()


def test_fewer_users_than_workers() -> None:
    with pytest.raises(DataError, match="workers must be at most the number of users to play with, 2, got 3"):
        deal(np.array([0, 4, 5, 0, 0]), 3)


@pytest.mark.parametrize(
    ("config", "workers", "said"),
    [
        (CONFIG, 0, "workers must be a whole number of at least 1, got 0"),
        (CONFIG, 3, "environment.num_envs must be a multiple of the number of workers, 3, got 16"),
        (
            replace(CONFIG, training=replace(CONFIG.training, batch_size=65)),
            2,
            "training.batch_size must be a multiple",
        ),
        (
            replace(CONFIG, training=replace(CONFIG.training, steps_per_update=1)),
            2,
            "training.steps_per_update must be",
        ),
        (replace(CONFIG, agent=replace(CONFIG.agent, n_steps=3)), 2, "agent.n_steps must be 1 with 2 workers, got 3"),
        (replace(CONFIG, device="cuda"), 2, "device must be cpu on a cluster, got 'cuda'"),
    ],
)
def test_what_cannot_be_shared_is_refused(config: ExperimentConfig, workers: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        require_shards(config, workers)


def test_one_worker_is_one_process_bit_for_bit(
    ratings: Ratings, alone: tuple[DRRRecommender, Path], tmp_path: Path
) -> None:
    worker(0, str(tmp_path), shards(ratings, 1))
    for name in ("best", "final"):
        (mine, _), (theirs, _) = (read_arrays(folder / f"{name}.safetensors") for folder in (tmp_path, alone[1]))
        assert mine.keys() == theirs.keys()
        for part, values in theirs.items():
            np.testing.assert_array_equal(mine[part], values, err_msg=part)


def test_two_workers_learn_as_well_as_one_process(tmp_path: Path) -> None:
    """They draw other slates, noise and transitions, so their weights are others; what they are good for is not."""
    blocks = block_ratings(n_users=60, n_items=60, n_blocks=4, share=0.6)
    alone = DRRRecommender(LEARNER, progress=False).fit(blocks)
    processes.start_processes(worker, args=(str(tmp_path), shards(blocks, 2, LEARNER)), nprocs=2, start_method=START)
    first, second = (read_json(folder_of(tmp_path, rank) / "history.json") for rank in range(2))
    assert first == second, "all workers see the figures of all lists"
    assert len(first) == len(alone.history)
    assert first[0]["dcg"] == pytest.approx(alone.history[0]["dcg"], abs=1e-9), "the untrained agent is the same"
    best, expected = (max(entry["dcg"] for entry in history) for history in (first, alone.history))
    assert min(best, expected) > first[0]["dcg"] + 0.25, "something was learned"
    assert best == pytest.approx(expected, abs=TOLERANCE)
    weights = [read_arrays(folder_of(tmp_path, rank) / "final.safetensors")[0] for rank in range(2)]
    assert weights[0]["users.weight"].shape != alone.networks.users.weight.shape, "each has its own users only"
    for name in weights[0].keys() - {"users.weight"}:
        np.testing.assert_array_equal(weights[0][name], weights[1][name], err_msg=name)
