"""The page of the whole agent: its cells run here, and each block has the numbers of the package's own."""

import dataclasses
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import PRESETS
from drr_tutorial.representation.traces import Traces
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.n_step import NStep
from drr_tutorial.training.replay import TransitionBatch
from drr_tutorial.worlds.planning import PlanningUsers, PlanningWorld

PAGE = Path(__file__).parents[2] / "book" / "whole_agent.ipynb"
N_LINES = 100
M, N_MEMORY, N_ITEMS = 40, 20, 200


def cells(tag: str) -> list[str]:
    notebook = nbformat.read(PAGE, as_version=4)  # type: ignore[no-untyped-call]
    return [cell.source for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """What the page's blocks define; the loop, which is the last, does not run."""
    names: dict[str, Any] = {}
    *blocks, loop = cells("whole-agent")
    assert "LiveCurve" in loop
    for source in blocks:
        exec(source, names)  # the page's own lines
    return names


@pytest.fixture(scope="module")
def agent(page: dict[str, Any]) -> DDPG:
    """The package's agent with the page's weights; of the two counts in its state it makes nothing."""
    config = dataclasses.replace(PRESETS["planning"].agent, memory_size=N_MEMORY)
    item_vectors = PlanningWorld().item_vectors
    networks = ActorCritic(config, np.zeros((1, 8), np.float32), item_vectors, torch.Generator().manual_seed(0))
    ddpg = DDPG(networks, config, torch.Generator().manual_seed(0))
    actors = (networks.actor, ddpg.target_actor), (networks.critic, ddpg.target_critic)
    for mine, theirs in zip(actors, ((page["actor"], page["slow"][0]), (page["critic"], page["slow"][1])), strict=True):
        for one, other in zip(mine, theirs, strict=True):
            take(one.layers, other)
    return ddpg


@torch.no_grad()
def take(layers: torch.nn.Module, others: torch.nn.Module) -> None:
    """The weights of others, which have two inputs less."""
    for mine, theirs in zip(layers.parameters(), others.parameters(), strict=True):
        mine.zero_()
        mine[(..., *(slice(n) for n in theirs.shape[-1:]))].copy_(theirs)


@pytest.fixture
def played() -> dict[str, Any]:
    """Users with a past of `N_MEMORY` steps: what was shown, and what was liked."""
    rng = np.random.default_rng(3)
    items, liked = rng.integers(N_ITEMS, size=(N_MEMORY, M)), rng.random((N_MEMORY, M)) < 0.4
    memory = np.where(liked, items, items + N_ITEMS + 1).T
    return {"items": items, "liked": liked, "memory": torch.from_numpy(memory), "taste": rng.normal(size=(M, 8))}


def test_it_is_a_hundred_lines() -> None:
    lines = [line for source in cells("whole-agent") for line in source.splitlines() if line.strip()]
    assert 60 < len(lines) <= N_LINES and max(map(len, lines)) <= 80


def test_the_world_is_the_packages(page: dict[str, Any], played: dict[str, Any]) -> None:
    theirs = PlanningUsers(PlanningWorld(), M)
    theirs.taste[:] = played["taste"]
    longest, (bored, interest) = 0.0, np.zeros((2, M, 8))
    for item, liked in zip(played["items"], played["liked"], strict=True):
        assert page["chance"](played["taste"], bored, interest, item) == pytest.approx(theirs.chance(item))
        bored, interest = page["change"](bored, interest, item, liked)
        theirs.see(item, liked)
        assert bored == pytest.approx(theirs.boredom) and interest == pytest.approx(theirs.interest)
        longest = max(longest, np.linalg.norm(interest, axis=1).max())
    assert longest == pytest.approx(1.5)  # the limit was met


def test_people_are_drawn_as_the_package_draws_them(page: dict[str, Any]) -> None:
    theirs = PlanningUsers(PlanningWorld(), 4000)
    theirs.arrive(np.arange(4000), [np.random.default_rng(seed) for seed in range(4000)])
    mine, *_ = page["start"](4000)
    assert np.linalg.norm(mine, axis=1) == pytest.approx(1)
    assert np.sort(mine @ PlanningWorld().items.corners.T, axis=1).mean(axis=0) == pytest.approx(
        np.sort(theirs.taste @ PlanningWorld().items.corners.T, axis=1).mean(axis=0), abs=0.02
    )


def state_of(page: dict[str, Any], played: dict[str, Any]) -> torch.Tensor:
    traces = torch.zeros(M, 2, 3, 17)
    for item, liked in zip(played["items"], played["liked"], strict=True):
        traces = page["remember"](traces, torch.from_numpy(item), torch.from_numpy(liked).float())
    found: torch.Tensor = page["see"](played["taste"], traces)
    return found


def test_the_state_is_the_packages_without_its_counts(page: dict[str, Any], played: dict[str, Any]) -> None:
    theirs = Traces(9, N_MEMORY, torch.Generator(), user_dim=8)
    vectors = PlanningWorld().item_vectors
    theirs.read(vectors)
    shown = torch.from_numpy(vectors[played["items"].T])
    answers = torch.from_numpy(np.where(played["liked"].T, 1, -1))
    found = theirs(torch.from_numpy(played["taste"]).float(), shown, answers)[:, :-2]
    torch.testing.assert_close(state_of(page, played), found, rtol=1e-4, atol=1e-4)


def test_actor_critic_and_selection_are_the_packages(page: dict[str, Any], agent: DDPG, played: dict[str, Any]) -> None:
    mine = state_of(page, played)
    theirs = agent.online.see(torch.from_numpy(played["taste"]).float(), played["memory"])
    action = agent.online.act(theirs)
    torch.testing.assert_close(page["act"](page["actor"], mine), action, rtol=1e-4, atol=1e-4)
    values = agent.online.critic.over_items(theirs, agent.online.item_vectors())
    torch.testing.assert_close(page["values"](page["critic"], mine), values, rtol=1e-4, atol=1e-4)
    selected = agent.log_selected(action, torch.zeros(M).long(), played["memory"]).exp()
    torch.testing.assert_close(page["select"](action), selected, rtol=1e-3, atol=1e-5)


def test_five_rewards_are_summed_as_the_package_sums_them(page: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    rewards, stays = rng.random((5, M)).astype(np.float32), rng.random((5, M)) < 0.8
    total, discount = page["add_up"](torch.from_numpy(rewards), torch.from_numpy(stays).float())
    steps, expected, follows = NStep(5, page["GAMMA"]), np.zeros(M), np.zeros(M)
    for n, (reward, stay) in enumerate(zip(rewards, stays, strict=True)):
        start = {"place": np.arange(M), "begun": np.full(M, n)}
        for one in steps.add(start, reward, {}, ~stay, ~stay):
            first = one["begun"] == 0
            place = one["place"][first]
            expected[place] = one["reward"][first]
            follows[place] = page["GAMMA"] ** one["steps"][first] * ~one["terminated"][first]
    assert total.numpy() == pytest.approx(expected, abs=1e-5)
    assert discount.numpy() == pytest.approx(follows, abs=1e-6)


def test_both_losses_are_the_packages(page: dict[str, Any], agent: DDPG, played: dict[str, Any]) -> None:
    rng = np.random.default_rng(2)
    taste, memory = torch.from_numpy(played["taste"]).float(), played["memory"]
    others, then = taste.flip(0), memory.flip(0)
    reward, item = torch.from_numpy(rng.random(M)).float(), torch.from_numpy(rng.integers(N_ITEMS, size=M))
    left = torch.from_numpy((rng.random(M) < 0.3).astype(np.float32))
    batch = TransitionBatch(
        user=taste, memory=memory, action=torch.zeros(M, 9), item=item, reward=reward, next_memory=then,
        terminated=left, steps=torch.full((M,), 5), weight=torch.ones(M), index=torch.arange(M), next_user=others,
    )  # fmt: skip
    s, s_next = (agent.online.see(*seen).vector[:, :-2] for seen in ((taste, memory), (others, then)))
    critic_loss, actor_loss = page["losses"](s, item, reward, page["GAMMA"] ** 5 * (1 - left), s_next)
    theirs = agent.update(batch)
    torch.testing.assert_close(critic_loss.detach(), theirs.value_loss, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(actor_loss.detach(), theirs.policy_loss, rtol=1e-4, atol=1e-5)


def test_slow_copies_follow_by_the_packages_share(page: dict[str, Any]) -> None:
    tau = PRESETS["planning"].agent.tau
    slow = [one.detach().clone() for one in page["slow"].parameters()]
    batch = [torch.zeros(4, 110), torch.zeros(4), torch.ones(4), torch.ones(4), torch.zeros(4, 110)]
    page["update"](batch)
    for before, now, target in zip(slow, page["slow"].parameters(), page["online"].parameters(), strict=True):
        torch.testing.assert_close(now.detach(), before + tau * (target.detach() - before))
