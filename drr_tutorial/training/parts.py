"""Parts of a training that logs and worlds have in common, made from the settings."""

from typing import Any

import numpy as np

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import ExperimentConfig, TrainingConfig
from drr_tutorial.training.exploration import Exploration, make_exploration
from drr_tutorial.training.replay import PAPER_BETA, PrioritizedReplayBuffer, ReplayBuffer
from drr_tutorial.training.schedules import LinearSchedule


def make_replay(
    settings: TrainingConfig,
    *,
    total_steps: int,
    num_envs: int,
    prioritized: type[PrioritizedReplayBuffer] = PrioritizedReplayBuffer,
    **sizes: Any,
) -> ReplayBuffer:
    """The buffer that the settings ask for, no larger than a training of `total_steps` steps fills; `sizes` are
    `memory_size`, `action_dim` and, for users who are vectors, `user_dim`.
    """
    most = min(settings.capacity, total_steps + num_envs)
    capacity = max(settings.batch_size, num_envs, most)  # a batch, and what one step of all users brings
    if settings.replay == "uniform":
        return ReplayBuffer(capacity, **sizes)
    beta = LinearSchedule(PAPER_BETA.start, 1.0, total_steps // settings.steps_per_update)
    return prioritized(capacity, **sizes, beta=beta)


def make_noise(config: ExperimentConfig, networks: ActorCritic, num_envs: int, total_steps: int) -> Exploration:
    """The noise on the actor's vectors, over the whole training."""
    settings, shape = config.training, (num_envs, networks.items.embedding_dim)
    return make_exploration(
        settings.exploration, shape, start=settings.noise, end=settings.final_noise, n_steps=total_steps,
        limit=1.0 if networks.actor.actions == "bounded" else np.inf,
    )  # fmt: skip
