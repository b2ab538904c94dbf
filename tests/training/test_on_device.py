"""Users, replay and updates on one device: the same transitions, draws and ends as with arrays; also on a GPU, where one is."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import AgentConfig, EmbeddingConfig, EnvironmentConfig, ExperimentConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment.sparse_rows import SparseRows
from drr_tutorial.environment.tensor_env import NAMES, TensorVectorEnv
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from drr_tutorial.recommenders import drr
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.representation.embeddings import factorize, scaled
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.on_device import DeviceDDPG, DeviceTrainer, Kinds, kinds_for
from drr_tutorial.training.on_log import parts_on_log
from drr_tutorial.training.replay import PrioritizedReplayBuffer, ReplayBuffer
from drr_tutorial.training.tensor_replay import TensorReplay
from drr_tutorial.training.trainer import Trainer
from tests.toy import block_ratings

GPU = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"))
on_each_device = pytest.mark.parametrize("device", ["cpu", GPU])
CONFIG = ExperimentConfig(
    environment=EnvironmentConfig(num_envs=8, min_positives=1),
    embedding=EmbeddingConfig(n_factors=8),
    agent=AgentConfig(actor_hidden=(16,), critic_hidden=(16,), slate_size=16, gamma=0.5, actor_lr=1e-3, critic_lr=3e-3),
    training=TrainingConfig(
        passes=2, critic_first=0.0, batch_size=32, steps_per_update=8, log_every=20, checkpoints=4, evaluations=2,
        replay="prioritized", exploration="ou", noise=0.3,
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def blocks() -> Ratings:
    return block_ratings()


def generator(device: str, seed: int = 0) -> torch.Generator:
    return torch.Generator(device).manual_seed(seed)


def halves(ratings: Ratings) -> tuple[Ratings, Ratings]:
    later = np.arange(len(ratings)) % 2 == 1
    return ratings.select(np.flatnonzero(~later)), ratings.select(np.flatnonzero(later))


def trainer(
    ratings: Ratings, device: str = "cpu", kind: Any = DeviceTrainer, folder: Path | None = None, **options: Any
) -> Any:
    config = options.pop("config", CONFIG)
    history, rewarded = halves(ratings)
    embeddings = factorize(history, n_factors=8, regularization=1.0, n_iterations=5, rng=np.random.default_rng(0))
    networks = ActorCritic(config.agent, *scaled(embeddings), torch.Generator().manual_seed(0)).to(device)
    update = DeviceDDPG if kind is DeviceTrainer else DDPG
    parts = parts_on_log(config, rewarded, networks, history=history, update=update)
    return kind(**parts, folder=folder, progress=False, **options)


def change(**parts: dict[str, Any]) -> ExperimentConfig:
    changed = {name: dataclasses.replace(getattr(CONFIG, name), **values) for name, values in parts.items()}
    return dataclasses.replace(CONFIG, **changed)  # type: ignore[arg-type]


@on_each_device
def test_rows_are_those_of_the_array(device: str) -> None:
    dense = np.array([[0, 2, 0], [0, 0, 0], [1, 0, 3]], dtype=np.float32)
    index = torch.tensor([2, 0, 1, 2], device=device)
    np.testing.assert_array_equal(SparseRows(csr_array(dense), device).rows(index).cpu(), dense[index.cpu()])
    assert SparseRows(csr_array(dense), device).rows(index[:0]).shape == (0, 3)


@on_each_device
@pytest.mark.parametrize(("candidates", "max_steps"), [("balanced", None), ("catalogue", 9)])
def test_users_answer_and_leave_as_in_arrays(
    blocks: Ratings, device: str, candidates: Any, max_steps: int | None
) -> None:
    history, rewarded = halves(blocks)
    arrays = RecommendationVectorEnv(rewarded, 6, history=history, candidates=candidates, max_steps=max_steps)
    arrays.reset(seed=1)
    tensors = TensorVectorEnv(arrays, device, generator(device))
    tensors.load_state_dict(arrays.state_dict())
    rng = np.random.default_rng(0)
    finished = np.zeros(6, dtype=np.bool_)
    while not finished.any():
        np.testing.assert_array_equal(tensors.penalty.cpu(), arrays.penalty)
        items = rng.integers(rewarded.n_items, size=6)  # also such as cannot be shown
        _, *expected, _ = arrays.step(items)
        for found, told in zip(tensors.step(torch.from_numpy(items).to(device)), expected, strict=True):
            np.testing.assert_array_equal(found.cpu(), told)
        for name, value in arrays.state_dict().items():
            np.testing.assert_array_equal(tensors.state_dict()[name], value)
        finished = expected[1] | expected[2]
    assert set(NAMES) == set(arrays.state_dict())


@on_each_device
def test_who_begins_gets_positives_and_as_many_others_all_equally_often(blocks: Ratings, device: str) -> None:
    history, rewarded = halves(blocks)
    arrays = RecommendationVectorEnv(rewarded, 2000, history=history)
    tensors = TensorVectorEnv(arrays, device, generator(device))
    places, users = torch.arange(1, 2000, device=device), torch.full((1999,), 3, device=device)
    tensors.reset(places, users)
    available = (tensors.penalty[1:] == 0).cpu().numpy()
    positive, known = (matrix[[3]].toarray()[0] > 0 for matrix in (arrays.users.rewards, arrays.users.known))
    assert available[:, positive].all() and not available[:, known].any()
    assert (available.sum(axis=1) == 2 * positive.sum()).all()
    others = ~positive & ~known & ~arrays.users.unrated
    share = positive.sum() / others.sum()
    np.testing.assert_allclose(available[:, others].mean(axis=0), share, atol=5 * np.sqrt(share * (1 - share) / 1999))
    assert (tensors.penalty[0] == -torch.inf).all() and tensors.user[0] == 0  # who was not reset
    np.testing.assert_array_equal(tensors.memory[5].cpu(), arrays.users.memory[3])
    assert (tensors.n_left[1:] == positive.sum()).all() and (tensors.steps_left[1:] == positive.sum()).all()


def fields(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "user": rng.integers(9, size=count), "memory": rng.integers(20, size=(count, 3)),
        "action": rng.normal(size=(count, 2)).astype(np.float32), "item": rng.integers(20, size=count),
        "reward": rng.normal(size=count).astype(np.float32), "next_memory": rng.integers(20, size=(count, 3)),
        "terminated": rng.random(count) < 0.3, "steps": np.ones(count, dtype=np.int64),
    }  # fmt: skip


@on_each_device
@pytest.mark.parametrize("kind", [ReplayBuffer, PrioritizedReplayBuffer])
def test_replay_keeps_and_draws_what_arrays_do(device: str, kind: type[ReplayBuffer]) -> None:
    arrays, tensors = kind(50, 3, 2), TensorReplay(kind(50, 3, 2), device, generator(device))
    for seed in range(4):  # 80 transitions: the oldest are gone
        new = fields(20, seed)
        arrays.add(**new)
        tensors.add(**{name: torch.from_numpy(value).to(device) for name, value in new.items()})
        index, error = np.arange(seed, 20), np.random.default_rng(seed).normal(size=20 - seed)
        arrays.update_priorities(index, error)
        tensors.update_priorities(*(torch.from_numpy(value).to(device) for value in (index, error)))
    assert len(tensors) == len(arrays) == 50
    expected, found = arrays.state_dict(), tensors.state_dict()
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_allclose(found[name], value, rtol=1e-14)
    numbers = np.random.default_rng(5).random(2000)
    places = tensors.places(torch.from_numpy(numbers).to(device)).cpu().numpy()
    if isinstance(arrays, PrioritizedReplayBuffer):
        mass = (np.arange(2000) + numbers) * (arrays._sums.root / 2000)
        np.testing.assert_array_equal(places, arrays._sums.search(mass))
    else:
        np.testing.assert_array_equal(places, (numbers * 50).astype(int))


@on_each_device
@pytest.mark.parametrize("kind", [ReplayBuffer, PrioritizedReplayBuffer])
def test_a_batch_is_one_of_the_array_buffer(device: str, kind: type[ReplayBuffer]) -> None:
    arrays, tensors = kind(50, 3, 2), TensorReplay(kind(50, 3, 2), device, generator(device))
    arrays.add(**fields(30))
    arrays.update_priorities(np.arange(30), np.linspace(0.1, 3, 30))
    tensors.load_state_dict(arrays.state_dict())
    batch = tensors.sample(64)
    like = arrays.sample(64, np.random.default_rng(0))
    for name, value in batch._asdict().items():
        assert value is None or (value.dtype, value.shape) == (getattr(like, name).dtype, getattr(like, name).shape)
    rows = batch.index.cpu().numpy()
    np.testing.assert_array_equal(batch.memory.cpu(), fields(30)["memory"][rows])
    np.testing.assert_array_equal(batch.reward.cpu(), fields(30)["reward"][rows])
    if isinstance(arrays, PrioritizedReplayBuffer):
        drawn = dict(zip(like.index.tolist(), like.weight.tolist(), strict=True))
        both = [
            (weight, drawn[row])
            for row, weight in zip(rows.tolist(), batch.weight.tolist(), strict=True)
            if row in drawn
        ]
        assert len(both) > 20
        np.testing.assert_allclose(*zip(*both, strict=True), rtol=1e-6)
    else:
        assert (batch.weight == 1).all()


def test_a_state_of_another_kind_is_refused(blocks: Ratings) -> None:
    uniform = ReplayBuffer(50, 3, 2)
    uniform.add(**fields(5))
    with pytest.raises(ValueError, match="not the state of a PrioritizedReplayBuffer"):
        TensorReplay(PrioritizedReplayBuffer(50, 3, 2), "cpu", generator("cpu")).load_state_dict(uniform.state_dict())


def test_without_noise_the_first_transitions_are_those_of_the_trainer(blocks: Ratings) -> None:
    """Until the first update nothing is random where the whole catalogue can be shown."""
    config = change(environment={"candidates": "catalogue"}, training={"exploration": "none", "batch_size": 400})
    tensors, arrays = (trainer(blocks, kind=kind, config=config) for kind in (DeviceTrainer, Trainer))
    for each in (tensors, arrays):
        each._start()
        for _ in range(30):
            each._interact()
    assert tensors.replay.state_dict()["item"].shape == (240,)
    for name, value in arrays.replay.state_dict().items():
        np.testing.assert_allclose(tensors.replay.state_dict()[name], value, rtol=1e-5, atol=1e-6)
    for name, value in arrays.episodes.state_dict().items():
        np.testing.assert_allclose(tensors.episodes.state_dict()[name], value, rtol=1e-5)


@on_each_device
def test_an_interrupted_training_ends_with_the_same_weights(blocks: Ratings, device: str, tmp_path: Path) -> None:
    whole = trainer(blocks, device, folder=tmp_path / "whole")
    whole.run()
    first = trainer(blocks, device, folder=tmp_path / "parts")
    first.callback = lambda each: each.step < each.total_steps // 2 + 24
    first.run()
    assert first.step < first.total_steps
    second = trainer(blocks, device, folder=tmp_path / "parts")
    second.run()
    assert second.step - first.step > 0
    for name, value in whole.networks.state_dict().items():
        assert torch.equal(value, second.networks.state_dict()[name]), name


def test_a_trainer_goes_on_from_its_checkpoint(blocks: Ratings, tmp_path: Path) -> None:
    first = trainer(blocks, folder=tmp_path)
    first.callback = lambda each: each.step < each.total_steps // 2 + 24
    first.run()
    second = trainer(blocks, folder=tmp_path, kind=Trainer)
    second.run()
    assert second.step >= second.total_steps


@on_each_device
def test_it_learns(blocks: Ratings, device: str) -> None:
    """From nothing to which block a user likes, as `Trainer` does (test_trainer.py says which reward is chance)."""
    agent = {
        "warm_start": False,
        "critic_products": False,
        "slate_size": 0,
        "temperature": 2.0,
        "tau": 0.02,
        "actor_hidden": (32,),
        "critic_hidden": (32,),
        "critic_state_hidden": (),
    }
    config = change(agent=agent, training={"passes": 20, "steps_per_update": 4}, environment={"num_envs": 4})
    learner = trainer(blocks, device, config=config)
    learner._start()
    rewards = np.array([reward for reward, _ in learner._steps()])
    assert rewards[-80:].mean() > rewards[:40].mean() + 0.15


def test_transitions_of_several_steps_are_refused(blocks: Ratings) -> None:
    with pytest.raises(ValueError, match="takes n_steps=1, got 3; use Trainer"):
        trainer(blocks, config=change(agent={"n_steps": 3}))


@on_each_device
@pytest.mark.parametrize("kind", ["none", "ou", "gaussian", "epsilon"])
def test_noise_is_as_large_as_that_of_arrays(blocks: Ratings, device: str, kind: str) -> None:
    """Mean and spread over 8 users, 8 numbers and 200 steps of the same size, actions in the middle."""
    settings = {"exploration": kind, "noise": 0.2, "final_noise": 0.2}
    each = trainer(blocks, device, config=change(training=settings))
    middle = np.zeros((8, 8), dtype=np.float32)
    arrays = np.array([each.noise.explore(middle, step=0, rng=np.random.default_rng(step)) for step in range(200)])
    tensors = torch.stack([each._explore(torch.from_numpy(middle).to(device)) for _ in range(200)]).cpu().numpy()
    assert abs(tensors.mean() - arrays.mean()) < 0.05
    assert tensors.std() == pytest.approx(arrays.std(), rel=0.12)
    each._reset(np.arange(8) == 2)
    assert (each.drift[2] == 0).all()


def test_parts_with_another_update_are_refused(blocks: Ratings) -> None:
    parts = parts_on_log(CONFIG, blocks, trainer(blocks).networks)
    with pytest.raises(ValueError, match=r"parts_on_log\(..., update=DeviceDDPG\)"):
        DeviceTrainer(**parts, progress=False)


@pytest.mark.parametrize(
    ("device", "n_steps", "kinds"),
    [
        ("cpu", 1, Kinds(Trainer, DDPG)),
        ("cuda", 1, Kinds(DeviceTrainer, DeviceDDPG)),
        ("cuda:1", 1, Kinds(DeviceTrainer, DeviceDDPG)),
        ("cuda", 3, Kinds(Trainer, DDPG)),
        ("mps", 1, Kinds(Trainer, DDPG)),
    ],
)
def test_what_learns_on_a_device(device: str, n_steps: int, kinds: Kinds) -> None:
    config = dataclasses.replace(change(agent={"n_steps": n_steps}), device=device)
    assert kinds_for(config) == kinds
    assert kinds_for(config, DeviceDDPG) == Kinds(Trainer, DeviceDDPG), "an update of one's own stays"


def test_an_agent_whose_training_stays_on_the_device_is_as_good(
    synthetic: Ratings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with device="cuda", here with the tensors of the CPU."""
    config = change(embedding={"regularization": 1.0}, training={"passes": 4, "exploration": "gaussian"})
    arrays = DRRRecommender(config, progress=False).fit(synthetic)
    monkeypatch.setattr(drr, "kinds_for", lambda *_: Kinds(DeviceTrainer, DeviceDDPG))
    tensors, again = (DRRRecommender(config, folder=tmp_path / "run", progress=False).fit(synthetic) for _ in range(2))
    best = [max(entry["hit"] + entry["dcg"] for entry in agent.history) for agent in (arrays, tensors)]
    assert best[1] == pytest.approx(best[0], rel=0.15)
    assert again.history == tensors.history, "what is finished is found"
    np.testing.assert_array_equal(again.scores(synthetic.user_ids), tensors.scores(synthetic.user_ids))
