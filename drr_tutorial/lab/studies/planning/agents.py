"""Agents of the study `planning`: ours, and what is left of it without each of its parts."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from drr_tutorial.actor_critic.networks import AnyCritic, State
from drr_tutorial.agent import DRRAgent
from drr_tutorial.evaluation.episodes import play_episodes
from drr_tutorial.evaluation.intervals import bootstrap_users, interval_over_seeds
from drr_tutorial.lab.studies.runner import DETAIL, Figures
from drr_tutorial.training.ddpg import DDPG, Policy
from drr_tutorial.training.transitions import TransitionBatch
from drr_tutorial.worlds.tiny import solve
from drr_tutorial.worlds.vector_env import PlanningVectorEnv, TinyPlanningVectorEnv

STEPS = 2_000_000  # under a minute of one thread
SHORT = 800_000  # of sweeps and ablations: twenty seconds
LONG = 6_000_000
PLACES = 256
N_USERS = 2000  # fresh ones, the same for all agents
EVALUATION_SEED = 99


class BareTarget(DDPG):
    """The target asks Q' of the actor's vector itself, though the critic has learned of items."""

    def next_value(self, batch: TransitionBatch, actor: Policy, critic: AnyCritic) -> Tensor:
        """Q'(s', pi'(s')), of a vector that is no item."""
        user = batch.user if batch.next_user is None else batch.next_user
        state = self.online.see(user, batch.next_memory)
        return critic(state, actor(state.vector, state.prior))  # type: ignore[no-any-return]


class ThroughVector(DDPG):
    """The actor climbs Q of its own vector, though the critic has learned of items."""

    def policy_loss(self, state: State, action: Tensor, batch: TransitionBatch) -> Tensor:
        """Mean of -Q(s, pi(s))."""
        return -self._judge(state, action).mean()


class Variant(NamedTuple):
    """An agent that differs from ours."""

    settings: Mapping[str, Any] = {}
    update: type[DDPG] = DDPG
    preset: str = "planning"


LIKES_ONLY: dict[str, Variant] = {
    name: Variant({"state": state})
    for name, state in {
        "likes only (DRR-p)": "drr-p",
        "likes only (DRR-u)": "drr-u",
        "likes only (DRR-ave)": "drr-ave",
        "likes only (DRR-att)": "drr-att",
    }.items()
}
WITHOUT: dict[str, Variant] = {
    "a state of answers: likes only (DRR-ave)": LIKES_ONLY["likes only (DRR-ave)"],
    "an actor through all items: through Q of its vector": Variant(update=ThroughVector),
    "five-step returns: one step": Variant({"n_steps": 1}),
    "a critic linear in the item: the paper's layers": Variant({"critic": "joined"}),
    "a softly selected target: Q' of the bare vector": Variant(update=BareTarget),
    "target networks that keep up: tau 0.001": Variant({"tau": 0.001}),
    "actions of unit length: tanh": Variant({"actions": "bounded"}),
    "random steps at first": Variant({"random_share": 0.0}),
    "falling learning rates": Variant({"final_rate": 1.0}),
}
PAPER: dict[str, Variant] = {
    "the paper's DDPG": Variant({"steps_per_update": 256, "batch_size": 512}, preset="paper"),
    "the paper's DDPG, its state sees answers": Variant(
        {"steps_per_update": 256, "batch_size": 512, "state": "traces"}, preset="paper"
    ),
}
TINY: dict[str, Mapping[str, Any]] = {  # what an agent sees of the tiny world's users
    "levels seen": {"sees_levels": True, "memory_size": 1},
    "answers seen": {"sees_levels": False, "memory_size": 20},
}
OF_TINY: Mapping[str, Any] = {  # four items far apart: a softer selection, and the rewards of a step at a time
    "gamma": 0.99, "n_steps": 1, "temperature": 0.3, "tau": 0.02, "steps_per_update": 64, "final_rate": 0.02,
}  # fmt: skip
OURS = Variant()
VARIANTS = {"ours": OURS, **LIKES_ONLY, **WITHOUT, **PAPER}


def trained(
    name: str, seed: int, steps: int, *, gamma: float | None = None, world: Mapping[str, Any] | None = None
) -> Figures:
    """What a variant earns of fresh users after a training, and the CPU time of that."""
    variant = VARIANTS[name]
    settings = {**variant.settings, **({} if gamma is None else {"gamma": gamma})}
    kind = type("Agent", (DRRAgent,), {"update": variant.update})
    before = time.process_time()
    agent = kind(users(PLACES, world), config=variant.preset, seed=seed, **settings).learn(steps)
    seconds = time.process_time() - before
    return judged(agent, world) | {"cpu seconds": seconds, "steps": steps}


def in_tiny(name: str, seed: int, steps: int) -> Figures:
    """What our agent earns in the tiny world, where it sees the state itself, or has to make it of answers."""

    def at_once(count: int) -> TinyPlanningVectorEnv:
        return TinyPlanningVectorEnv(count, **TINY[name])

    before = time.process_time()
    agent = DRRAgent(at_once(PLACES // 4), seed=seed, **OF_TINY).learn(steps)
    seconds = time.process_time() - before
    likes = play_episodes(agent, at_once(N_USERS), N_USERS, EVALUATION_SEED).returns.mean()
    return {"likes": float(likes), "optimum": solve(1.0).likes, "cpu seconds": seconds, "steps": steps}


def judged(agent: Any, world: Mapping[str, Any] | None = None) -> Figures:
    """Mean likes and length of a session over fresh users, one session each."""
    played = play_episodes(agent, users(N_USERS, world), N_USERS, EVALUATION_SEED)
    means = played.summary()
    return {
        "likes": means["return"], "length": means["length"], "like rate": means["like_rate"],
        DETAIL: played.likes.tolist(),
    }  # fmt: skip


def users(count: int, world: Mapping[str, Any] | None = None) -> PlanningVectorEnv:
    """Users of the planning world at once; by its class, not its id: a row's key follows names in the code."""
    return PlanningVectorEnv(count, **(world or {}))


def gain(ours: list[Figures], theirs: list[Figures]) -> "np.ndarray[Any, Any]":
    """Likes a session more, of each user, on average over the seeds that both have: (N_USERS,)."""
    n = min(len(ours), len(theirs))
    a, b = (np.mean([run[DETAIL] for run in runs[:n]], axis=0) for runs in (ours, theirs))
    return np.asarray(a - b)


def more_likes(ours: list[Figures], theirs: list[Figures]) -> Figures:
    """Likes a session more, {mean, low, high, "over seeds": {mean, low, high}}, as `paired.difference` has it."""
    by_user = gain(ours, theirs)
    by_seed = np.array([run["likes"] for run in ours]) - np.array([run["likes"] for run in theirs])
    return bootstrap_users(by_user, np.ones(len(by_user)))._asdict() | {"over seeds": interval_over_seeds(by_seed)}
