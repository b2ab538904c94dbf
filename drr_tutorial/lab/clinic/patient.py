"""The clinic's patient: an agent in which RL matters, trained healthy or with one piece exchanged (chapter 14).

Its vectors are made from half of the training likes, with too little regularization, and never made anew. So they are
poor, and what RL adds is large enough that its loss can be measured. The configuration is the clinic's own and spelled
out: it does not follow the default.
"""

from typing import Any, NamedTuple

import numpy as np
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import AgentConfig, EmbeddingConfig, EnvironmentConfig, ExperimentConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from drr_tutorial.representation.embeddings import factorize, scaled
from drr_tutorial.training.ddpg import DDPG, UpdateResult
from drr_tutorial.training.on_log import parts_on_log
from drr_tutorial.training.replay import PrioritizedReplayBuffer
from drr_tutorial.training.trainer import Trainer, Validate

REFERENCE = ExperimentConfig(
    dataset="ml-100k",
    split="original",
    embedding=EmbeddingConfig(
        method="ials", n_factors=32, regularization=5.0, n_iterations=10, learning_rate=0.0
    ),
    environment=EnvironmentConfig(
        candidates="balanced", reward="binary", max_steps=5, num_envs=256, min_positives=1
    ),
    agent=AgentConfig(
        state="drr-ave", memory_size=5, actor_hidden=(), critic_state_hidden=(), critic_hidden=(64,),
        actions="bounded", warm_start=True, correction="gates", critic_products=True, critic_sees="item",
        slate_size=100, slate_top=10, gamma=0.9, tau=2e-2, optimizer="adam", actor_lr=1e-3, critic_lr=3e-3,
        state_lr=1e-3, actor_decay=0.0, state_decay=0.0,
    ),
    training=TrainingConfig(
        passes=2.0, batch_size=1024, steps_per_update=128, critic_first=0.1,
        replay="prioritized", exploration="gaussian", noise=0.1, final_noise=0.1,
        validation_share=0.1, reward_share=0.5, evaluations=8, checkpoints=1, log_every=1000,
    ),
)  # fmt: skip
"""The patient's settings: all spelled out, none left to a default that may change."""


class Pieces(NamedTuple):
    """The exchangeable parts of the patient; these are the healthy ones."""

    update: type[DDPG] = DDPG
    prioritized: type[PrioritizedReplayBuffer] = PrioritizedReplayBuffer
    environment: type[RecommendationVectorEnv] = RecommendationVectorEnv


HEALTHY = Pieces()


class Patient(Trainer):
    """`Trainer` that keeps the mean Q(s, a) of each update in `values`; `ratings` pay rewards, `known` are older."""

    def __init__(self, ratings: Ratings, known: Ratings, **parts: Any) -> None:
        super().__init__(**parts)
        self.ratings, self.known = ratings, known
        self.values: list[float] = []

    def _learn(self) -> UpdateResult:
        result = super()._learn()
        self.values.append(float(result.value.mean()))
        return result


def admit(
    split: Split, pieces: Pieces = HEALTHY, config: ExperimentConfig = REFERENCE, validate: Validate | None = None
) -> Patient:
    """A patient before training: vectors from one half of the split's fit part, rewards from the other."""
    rows = np.random.default_rng([config.seed, 1]).permutation(len(split.fit))
    n_rewarded = round(config.training.reward_share * len(rows))
    rewarded, known = (split.fit.select(np.sort(part)) for part in (rows[:n_rewarded], rows[n_rewarded:]))
    settings = config.embedding
    vectors = factorize(
        known,
        method=settings.method,
        n_factors=settings.n_factors,
        regularization=settings.regularization,
        n_iterations=settings.n_iterations,
        rng=np.random.default_rng([config.seed, 2]),
    )
    networks = ActorCritic(config.agent, *scaled(vectors), torch.Generator().manual_seed(config.seed))
    parts = parts_on_log(config, rewarded, networks, history=known, **pieces._asdict())
    return Patient(rewarded, known, **parts, validate=validate, progress=False)
