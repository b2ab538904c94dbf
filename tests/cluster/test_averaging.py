"""Workers that average their gradients do what one process does with all their transitions.

In double precision: Adam makes steps of the same size out of small gradients and large ones, so a last digit that the order
of a sum changes in single precision may move a weight.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as processes

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.cluster.averaging import AveragedDDPG, message_bytes
from drr_tutorial.config import AgentConfig
from drr_tutorial.config.presets import DEFAULT, NEXT, ORIGINAL
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.replay import TransitionBatch

START = "fork" if sys.platform == "linux" else "spawn"  # without importing all anew
WORKERS, BATCH, UPDATES = 2, 256, 12  # a batch with more rows than an update has slates
N_USERS, N_ITEMS, K = 30, 200, 8
AGENTS = {
    "slates": replace(DEFAULT.agent, memory_size=3),
    "slates and a future": replace(NEXT.agent, memory_size=3, gamma=0.7),
    "no slates": replace(DEFAULT.agent, memory_size=3, slate_size=0, correction="gates"),
    "as in the original": replace(ORIGINAL.agent, actor_lr=1e-3, critic_lr=1e-3, state_lr=1e-3),
}


def networks(agent: AgentConfig, seed: int = 0) -> ActorCritic:
    rng = np.random.default_rng(seed)
    users, items = (rng.uniform(-0.5, 0.5, (n, K)).astype(np.float32) for n in (N_USERS, N_ITEMS))
    return ActorCritic(agent, users, items, torch.Generator().manual_seed(seed)).double()


def batch(number: int, memory_size: int, rows: slice = slice(None)) -> TransitionBatch:
    """The same random transitions for the same number; some of its rows."""
    rng = np.random.default_rng(number)
    columns = {
        "user": rng.integers(N_USERS, size=BATCH),
        "memory": rng.integers(N_ITEMS + 1, size=(BATCH, memory_size)),
        "action": rng.uniform(-1, 1, (BATCH, K)).astype(np.float32),
        "item": rng.integers(N_ITEMS, size=BATCH),
        "reward": rng.uniform(0, 1, BATCH).astype(np.float32),
        "next_memory": rng.integers(N_ITEMS + 1, size=(BATCH, memory_size)),
        "terminated": (rng.random(BATCH) < 0.1).astype(np.float32),
        "weight": np.ones(BATCH, dtype=np.float32),
        "steps": np.ones(BATCH, dtype=np.uint8),
        "index": np.arange(BATCH),
    }
    found = {name: torch.from_numpy(column[rows]) for name, column in columns.items()}
    return TransitionBatch(
        **{name: part.double() if part.is_floating_point() else part for name, part in found.items()}
    )


def learned(kind: type[DDPG], agent: AgentConfig, rows: slice, seed: int = 0) -> dict[str, np.ndarray]:
    """All weights, those of the targets too, and the losses, after some updates; the first without the actor."""
    ddpg = kind(networks(agent, seed), agent, torch.Generator().manual_seed(7))
    results = [ddpg.update(batch(number, agent.memory_size, rows), move_actor=number > 0) for number in range(UPDATES)]
    parts = {"online": ddpg.online, "actor": ddpg.target_actor, "critic": ddpg.target_critic}
    weights = {f"{p}.{name}": v.numpy() for p, part in parts.items() for name, v in part.state_dict().items()}
    losses = {name: [float(getattr(result, name)) for result in results] for name in ("value_loss", "policy_loss")}
    return weights | {name: np.array(values) for name, values in losses.items()}


def worker(rank: int, folder: str) -> None:
    """Its part of every batch, for every agent; weights into a file. Its own networks are born as others are."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=WORKERS)
    for name, agent in AGENTS.items():
        found = learned(AveragedDDPG, agent, slice(rank, None, WORKERS), seed=0)
        np.savez(f"{folder}/{name}-{rank}.npz", **found)
    start = networks(AGENTS["slates"], seed=rank)  # they differ, as on machines with different kernels
    AveragedDDPG(start, AGENTS["slates"], torch.Generator())
    np.savez(f"{folder}/born-{rank}.npz", **{name: v.numpy() for name, v in start.critic.state_dict().items()})
    dist.barrier()  # who leaves while the other still speaks leaves it waiting, in torch 2.6 now and then
    dist.destroy_process_group()


Load = Callable[[str, int], dict[str, Any]]


@pytest.fixture(scope="module")
def by_workers(tmp_path_factory: pytest.TempPathFactory) -> Load:
    folder = tmp_path_factory.mktemp("workers")
    processes.start_processes(worker, args=(str(folder),), nprocs=WORKERS, start_method=START)
    return lambda name, rank: dict(np.load(folder / f"{name}-{rank}.npz"))


@pytest.mark.parametrize("name", AGENTS)
def test_workers_learn_what_one_process_learns(name: str, by_workers: Load) -> None:
    whole = learned(DDPG, AGENTS[name], slice(None))
    before = networks(AGENTS[name]).state_dict()
    assert any(np.abs(whole[f"online.{n}"] - v.numpy()).max() > 1e-3 for n, v in before.items()), "nothing was learned"
    theirs = by_workers(name, 0)
    assert theirs.keys() == whole.keys()
    for part, expected in whole.items():
        np.testing.assert_allclose(theirs[part], expected, rtol=0, atol=1e-10, err_msg=part)


@pytest.mark.parametrize("name", AGENTS)
def test_all_workers_have_the_same_weights_to_the_last_bit(name: str, by_workers: Load) -> None:
    first, second = by_workers(name, 0), by_workers(name, 1)
    for part, values in first.items():
        np.testing.assert_array_equal(values, second[part], err_msg=part)


def test_the_first_workers_weights_are_those_of_all(by_workers: Load) -> None:
    first, second = by_workers("born", 0), by_workers("born", 1)
    expected = networks(AGENTS["slates"], seed=0).critic.state_dict()
    for part, values in expected.items():
        np.testing.assert_array_equal(first[part], values.numpy())
        np.testing.assert_array_equal(second[part], values.numpy())


def test_moving_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match=r"embedding.learning_rate must be 0 with several workers, got 0.01"):
        AveragedDDPG(networks(AGENTS["slates"]), AGENTS["slates"], torch.Generator(), embedding_lr=0.01)


def test_bytes_of_a_message() -> None:
    """A critic of 8 + 8 + 24 numbers in, 64 hidden, one out; gates for all: 8."""
    agent = replace(DEFAULT.agent, memory_size=3)
    made = networks(agent)
    state = sum(p.numel() for p in made.state.parameters())
    critic_in = made.state.state_dim + 2 * K
    assert message_bytes(made) == 4 * (state + K + (critic_in + 1) * 64 + 64 + 1)
