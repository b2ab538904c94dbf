"""The clinic's patient: an agent in which RL matters, trained healthy or with one piece exchanged (chapter 9).

Its vectors are made from half of the training likes, with too little regularization, and never made anew. So they are
poor, and what RL adds is large enough that its loss can be measured. The configuration is the clinic's own and spelled
out: it does not follow the default.
"""

from typing import Any, NamedTuple

import numpy as np
import torch

from drr_tutorial.actor_critic import ActorCritic
from drr_tutorial.config import AgentConfig, EmbeddingConfig, EnvironmentConfig, ExperimentConfig, TrainingConfig
from drr_tutorial.ddpg import DDPG, UpdateResult
from drr_tutorial.embeddings import factorize, scaled
from drr_tutorial.environment import RecommendationVectorEnv
from drr_tutorial.replay import PrioritizedReplayBuffer, ReplayBuffer
from drr_tutorial.schedules import LinearSchedule
from drr_tutorial.splits import Split
from drr_tutorial.trainer import Trainer, Validate

REFERENCE = ExperimentConfig(
    dataset="ml-100k",
    split="original",
    embedding=EmbeddingConfig(
        method="ials", n_factors=32, regularization=5.0, alpha=10.0, n_iterations=10, learning_rate=0.0
    ),
    environment=EnvironmentConfig(
        candidates="balanced", reward="binary", max_steps=5, num_envs=256, min_positives=1
    ),
    agent=AgentConfig(
        state="drr-ave", memory_size=5, actor_hidden=(), critic_state_hidden=(), critic_hidden=(64,),
        bounded_actions=True, warm_start=True, correction="gates", critic_products=True, critic_sees="item",
        slate_size=100, slate_top=10, slates=128, gamma=0.9, tau=2e-2, value_limit=10.0, twin_critics=False,
        policy_delay=1, target_noise=0.0, policy_weight=1.0, behaviour_weight=0.0, supervised_weight=0.0,
        temperature=0.2, optimizer="adam", actor_lr=1e-3, critic_lr=3e-3, state_lr=1e-3, actor_decay=0.0,
        critic_decay=1e-4, state_decay=0.0,
    ),
    training=TrainingConfig(
        passes=2.0, batch_size=1024, steps_per_update=128, critic_first=0.1, buffer_size=1_000_000,
        replay="prioritized", priority_alpha=0.6, priority_beta=0.4, exploration="gaussian", noise=0.1, final_noise=0.1,
        validation_share=0.1, reward_share=0.5, evaluations=8, checkpoints=1, log_every=1000,
    ),
)  # fmt: skip
"""The patient's settings: all spelled out, none left to a default that may change."""


class Pieces(NamedTuple):
    """The exchangeable parts of the patient; these are the healthy ones."""

    update: type[DDPG] = DDPG
    replay: type[PrioritizedReplayBuffer] = PrioritizedReplayBuffer
    environment: type[RecommendationVectorEnv] = RecommendationVectorEnv


HEALTHY = Pieces()


class Patient(Trainer):
    """`Trainer` with other pieces; with the healthy ones it is `Trainer` (tested)."""

    def __init__(self, pieces: Pieces, config: ExperimentConfig, *arguments: Any, **options: Any) -> None:
        self.pieces = pieces
        self.values: list[float] = []  # mean Q(s, a) of each update
        super().__init__(config, *arguments, **options)
        self.ddpg = pieces.update(
            self.networks,
            config.agent,
            torch.Generator().manual_seed(config.seed),
            embedding_lr=config.embedding.learning_rate,
            known=self.ddpg.known,
        )
        if not self.networks.actor.bounded:
            self.noise.limit = np.inf

    def _learn(self) -> UpdateResult:
        result = super()._learn()
        self.values.append(float(result.value.mean()))
        return result

    def _make_environment(self) -> RecommendationVectorEnv:
        settings = self.config.environment
        return self.pieces.environment(
            self.ratings,
            settings.num_envs,
            candidates=settings.candidates,
            reward=settings.reward,
            memory_size=self.config.agent.memory_size,
            max_steps=settings.max_steps,
            history=self.history_ratings,
        )

    def _make_replay(self) -> ReplayBuffer:
        settings = self.config.training
        return self.pieces.replay(
            self.total_steps + self.env.num_envs,
            self.config.agent.memory_size,
            self.config.embedding.n_factors,
            alpha=settings.priority_alpha,
            beta=LinearSchedule(settings.priority_beta, 1.0, self.total_steps // settings.steps_per_update),
        )


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
        alpha=settings.alpha,
        n_iterations=settings.n_iterations,
        rng=np.random.default_rng([config.seed, 2]),
    )
    networks = ActorCritic(config.agent, *scaled(vectors), torch.Generator().manual_seed(config.seed))
    return Patient(pieces, config, rewarded, networks, history=known, validate=validate, progress=False)
