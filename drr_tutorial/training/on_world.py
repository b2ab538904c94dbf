"""The parts of a training in a world, made from the settings: what `Trainer` is handed, as `on_log` does for a log."""

import copy
import dataclasses
import hashlib
import json
from typing import Any, NamedTuple

import numpy as np
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import ExperimentConfig, TrainingConfig
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.n_step import NStep
from drr_tutorial.training.parts import make_noise, make_replay
from drr_tutorial.training.replay import ReplayBuffer
from drr_tutorial.worlds.simulation import Catalogue, Simulation

GENERATORS = ("environment", "replay", "exploration")


class Learned(NamedTuple):
    """What a finished training leaves to the next one of the same agent, beside the networks."""

    ddpg: dict[str, Any]
    replay: ReplayBuffer

    def go_on(self, ddpg: DDPG, replay: ReplayBuffer) -> None:
        """Take it up."""
        ddpg.load_state_dict(copy.deepcopy(self.ddpg))
        replay.take_over(self.replay)


def parts_in_world(
    config: ExperimentConfig,
    users: Simulation,
    networks: ActorCritic,
    *,
    total_steps: int,
    steps_before: int = 0,
    learned: Learned | None = None,
    update: type[DDPG] = DDPG,
) -> dict[str, Any]:
    """What `Trainer(**parts)` trains `networks` with, for `total_steps` steps over all users at play.

    After `steps_before` steps nothing is shown at random, and other users come; what was `learned` in them is taken up.
    The users are seeded here, by `config.seed`. `ValueError` for so few steps that nothing would be learned.
    """
    _check_steps(config.training, config.agent.n_steps, users.num_envs, total_steps, learned)
    seeds = np.random.SeedSequence([config.seed, steps_before] if steps_before else config.seed).spawn(len(GENERATORS))
    rngs = {name: np.random.default_rng(seed) for name, seed in zip(GENERATORS, seeds, strict=True)}
    users.reset(seed=int(rngs.pop("environment").integers(2**31)))
    known, _ = users.catalogue, users.state_dict()  # what cannot be kept is refused before anything is learned
    ddpg = update(networks, config.agent, torch.Generator().manual_seed(config.seed), once=known.once)
    replay = make_replay(
        config.training, total_steps=steps_before + total_steps, num_envs=users.num_envs,
        memory_size=known.memory_size, action_dim=networks.items.embedding_dim, user_dim=known.user_dim,
    )  # fmt: skip
    if learned is not None:
        learned.go_on(ddpg, replay)
    return {
        "ddpg": ddpg,
        "env": users,
        "replay": replay,
        "exploration": make_noise(config, networks, users.num_envs, total_steps),
        "settings": dataclasses.replace(config.training, random_share=0.0) if steps_before else config.training,
        "total_steps": total_steps,
        "rngs": rngs | users.rngs,
        "n_step": NStep(config.agent.n_steps, config.agent.gamma),
        "reward_unit": known.largest_reward,
        "about": {"settings": json.loads(config.to_json()), "world": fingerprint(known), "switches": users.switches,
                  "users": users.num_envs, "steps": total_steps, "steps before": steps_before},
    }  # fmt: skip


def _check_steps(
    settings: TrainingConfig, n_steps: int, num_envs: int, total_steps: int, learned: Learned | None
) -> None:
    """`ValueError` unless at least one update is due."""
    stored = 0 if learned is None else len(learned.replay)
    to_fill = max(1, settings.batch_size - stored + (n_steps - 1) * num_envs)  # a batch of whole transitions
    least = -(-to_fill // settings.steps_per_update) * settings.steps_per_update
    if total_steps + num_envs <= least:
        raise ValueError(
            f"total_timesteps must be at least {least} with batch_size {settings.batch_size}, n_steps {n_steps}, "
            f"{num_envs} users and an update each {settings.steps_per_update} steps, got {total_steps}; nothing would "
            "be learned"
        )


def fingerprint(catalogue: Catalogue) -> str:
    """Of what an agent knows of a world."""
    once = ":once" if catalogue.once else ""
    return hashlib.sha256(np.ascontiguousarray(catalogue.item_vectors).tobytes()).hexdigest()[:16] + (
        f":{catalogue.user_dim}:{catalogue.memory_size}:{catalogue.largest_reward:g}{once}"
    )
