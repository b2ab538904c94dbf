"""The parts of a training in a world, made from the settings: what `Trainer` is handed, as `on_log` does for a log."""

import hashlib
import json
from typing import Any

import numpy as np
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.n_step import NStep
from drr_tutorial.training.parts import make_noise, make_replay
from drr_tutorial.worlds.simulation import Catalogue, Simulation

GENERATORS = ("environment", "replay", "exploration")


def parts_in_world(
    config: ExperimentConfig, users: Simulation, networks: ActorCritic, *, total_steps: int, update: type[DDPG] = DDPG
) -> dict[str, Any]:
    """What `Trainer(**parts)` trains `networks` with, for `total_steps` steps over all users at play.

    The users are seeded here, by `config.seed`.
    """
    seeds = np.random.SeedSequence(config.seed).spawn(len(GENERATORS))
    rngs = {name: np.random.default_rng(seed) for name, seed in zip(GENERATORS, seeds, strict=True)}
    users.reset(seed=int(rngs.pop("environment").integers(2**31)))
    known, k = users.catalogue, networks.items.embedding_dim
    return {
        "ddpg": update(
            networks, config.agent, torch.Generator().manual_seed(config.seed), largest_reward=known.largest_reward
        ),
        "env": users,
        "replay": make_replay(
            config.training, total_steps=total_steps, num_envs=users.num_envs,
            memory_size=known.memory_size, action_dim=k, user_dim=known.user_dim,
        ),
        "exploration": make_noise(config, networks, users.num_envs, total_steps),
        "settings": config.training,
        "total_steps": total_steps,
        "rngs": rngs | users.rngs,
        "n_step": NStep(config.agent.n_steps, config.agent.gamma),
        "about": {"settings": json.loads(config.to_json()), "world": fingerprint(known), "users": users.num_envs,
                  "steps": total_steps},
    }  # fmt: skip


def fingerprint(catalogue: Catalogue) -> str:
    """Of what an agent knows of a world."""
    return hashlib.sha256(np.ascontiguousarray(catalogue.item_vectors).tobytes()).hexdigest()[:16] + (
        f":{catalogue.user_dim}:{catalogue.memory_size}:{catalogue.largest_reward:g}"
    )
