"""Parts of a training that logs and worlds have in common, made from the settings."""

import numpy as np

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.training.exploration import Exploration, make_exploration
from drr_tutorial.training.replay import PAPER_BETA, PrioritizedReplayBuffer, ReplayBuffer
from drr_tutorial.training.schedules import LinearSchedule


def make_replay(
    config: ExperimentConfig,
    action_dim: int,
    total_steps: int,
    num_envs: int,
    *,
    user_dim: int | None = None,
    prioritized: type[PrioritizedReplayBuffer] = PrioritizedReplayBuffer,
) -> ReplayBuffer:
    """The replay buffer, no larger than all that will be seen; `user_dim` for users who are vectors."""
    settings = config.training
    capacity = max(settings.batch_size, min(settings.capacity, total_steps + num_envs))
    sizes = (capacity, config.agent.memory_size, action_dim)
    if settings.replay == "uniform":
        return ReplayBuffer(*sizes, user_dim=user_dim)
    beta = LinearSchedule(PAPER_BETA.start, 1.0, total_steps // settings.steps_per_update)
    return prioritized(*sizes, beta=beta, user_dim=user_dim)


def make_noise(config: ExperimentConfig, networks: ActorCritic, num_envs: int, total_steps: int) -> Exploration:
    """The noise on the actor's vectors, over the whole training."""
    settings, shape = config.training, (num_envs, networks.items.embedding_dim)
    return make_exploration(
        settings.exploration, shape, start=settings.noise, end=settings.final_noise, n_steps=total_steps,
        limit=1.0 if networks.actor.actions == "bounded" else np.inf,
    )  # fmt: skip
