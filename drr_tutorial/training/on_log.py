"""The parts of a training on a log of ratings, made from the settings: what `Trainer` is handed (chapter 5)."""

import json
from typing import Any, TypedDict

import numpy as np
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import ExperimentConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment.in_turn import UsersInTurn
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.exploration import Exploration
from drr_tutorial.training.known_items import KnownItems
from drr_tutorial.training.n_step import NStep
from drr_tutorial.training.parts import make_noise, make_replay
from drr_tutorial.training.replay import PrioritizedReplayBuffer, ReplayBuffer

GENERATORS = ("users", "environment", "replay", "exploration")


class Parts(TypedDict):
    """Arguments of `Trainer`."""

    ddpg: DDPG
    env: UsersInTurn
    replay: ReplayBuffer
    exploration: Exploration
    settings: TrainingConfig
    total_steps: int
    rngs: dict[str, np.random.Generator]
    n_step: NStep
    about: dict[str, Any]


def parts_on_log(
    config: ExperimentConfig,
    ratings: Ratings,
    networks: ActorCritic,
    *,
    history: Ratings | None = None,
    update: type[DDPG] = DDPG,
    environment: type[RecommendationVectorEnv] = RecommendationVectorEnv,
    prioritized: type[PrioritizedReplayBuffer] = PrioritizedReplayBuffer,
) -> Parts:
    """What `Trainer(**parts)` trains `networks` with, for `config.training.passes` passes over the users of `ratings`.

    `ratings` pay rewards; `history` are likes from before, which fill the memories and are not shown again (see
    `UserModel`). The classes may be replaced by kinds of them. Raises `DataError` when no user has
    `config.environment.min_positives` positives.
    """
    seeds = np.random.SeedSequence(config.seed).spawn(len(GENERATORS))
    rngs = {name: np.random.default_rng(seed) for name, seed in zip(GENERATORS, seeds, strict=True)}
    env = _users_in_turn(config, ratings, history, environment, rngs)
    total_steps = max(1, round(config.training.passes * env.steps_of_a_pass))
    users = env.env.users
    ddpg = update(
        networks,
        config.agent,
        torch.Generator().manual_seed(config.seed),
        embedding_lr=config.embedding.learning_rate,
        known=None if history is None else KnownItems(users.known),
        largest_reward=float(abs(users.rewards).max()),
    )
    return {
        "ddpg": ddpg,
        "env": env,
        "replay": _replay(config, env, total_steps, prioritized),
        "exploration": make_noise(config, networks, env.num_envs, total_steps),
        "settings": config.training,
        "total_steps": total_steps,
        "rngs": rngs,
        "n_step": NStep(config.agent.n_steps, config.agent.gamma),
        "about": {"settings": json.loads(config.to_json()), "data": _fingerprints(ratings, history)},
    }  # fmt: skip


def _replay(
    config: ExperimentConfig, env: UsersInTurn, total_steps: int, prioritized: type[PrioritizedReplayBuffer]
) -> ReplayBuffer:
    return make_replay(
        config.training, total_steps=total_steps, num_envs=env.num_envs, prioritized=prioritized,
        memory_size=config.agent.memory_size, action_dim=config.embedding.length,
    )  # fmt: skip


def _fingerprints(*parts: Ratings | None) -> str:
    return "+".join(data.fingerprint() for data in parts if data is not None)


def _users_in_turn(
    config: ExperimentConfig,
    ratings: Ratings,
    history: Ratings | None,
    environment: type[RecommendationVectorEnv],
    rngs: dict[str, np.random.Generator],
) -> UsersInTurn:
    settings = config.environment
    env = environment(
        ratings, settings.num_envs, candidates=settings.candidates, memory_size=config.agent.memory_size,
        reward=settings.reward, max_steps=settings.max_steps, history=history,
    )  # fmt: skip
    env.np_random = rngs["environment"]
    return UsersInTurn(env, rngs["users"], min_positives=settings.min_positives)
