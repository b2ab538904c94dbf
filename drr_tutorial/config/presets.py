"""The named recipes.

`simple` is the agent of chapters 2 to 6, the settings' own defaults. `original` is the recipe of the notebook that this
project grows from, `paper` that of Liu et al. (2018) as far as it is known (see the paper line by line). `default` is
the best recipe found so far for finding what a user likes, `next` for finding what comes next (chapter 15 says what
each part does).
"""

from drr_tutorial.config.settings import (
    AgentConfig,
    EmbeddingConfig,
    EnvironmentConfig,
    ExperimentConfig,
    TrainingConfig,
)

ORIGINAL = ExperimentConfig(
    dataset="ml-1m",
    embedding=EmbeddingConfig(method="scratch", n_factors=8, learning_rate=1e-5),
    environment=EnvironmentConfig(num_envs=1, min_positives=20),
    agent=AgentConfig(
        actor_hidden=(16,),
        critic_state_hidden=(),
        critic_hidden=(16,),
        actions="free",
        warm_start=False,
        critic_products=False,
        critic_sees="action",
        gamma=0.8,
        tau=1e-3,
        optimizer="ranger",
        actor_lr=1e-5,
        critic_lr=1e-5,
        state_lr=1e-5,
        actor_decay=1e-6,
        state_decay=1e-3,
    ),
    training=TrainingConfig(
        passes=1.0,
        batch_size=512,
        steps_per_update=1,
        critic_first=0.0,
        replay="prioritized",
        exploration="none",
        reward_share=1.0,
        log_every=100,
    ),
)

DEFAULT = ExperimentConfig(
    split="rated",
    embedding=EmbeddingConfig(
        regularization=70.0, count_power=0.5, n_iterations=10, rated_factors=64, stars_factors=32
    ),
    agent=AgentConfig(correction="shared gates", slate_top=5, dislikes_last=True, actor_lr=1e-2),
    training=TrainingConfig(passes=8.0, batch_size=512, correction_shares=(1.0, 0.75, 0.5, 0.25)),
)

NEXT = ExperimentConfig(
    split="leave-last-out",
    embedding=EmbeddingConfig(regularization=70.0, count_power=0.5, n_iterations=10),
    agent=AgentConfig(memory_size=10, memory_weight=1.0, memory_decay=0.8, slate_top=3, tau=0.05),
    training=TrainingConfig(
        passes=4.0, batch_size=512, hold_back="latest", validation_share=0.0061, reward_share=0.1,
        correction_shares=(1.0, 0.75, 0.5, 0.25),
    ),
)  # fmt: skip

PAPER = ExperimentConfig(
    split="random",
    embedding=EmbeddingConfig(method="pmf", n_factors=100, regularization=10.0),
    environment=EnvironmentConfig(candidates="catalogue", reward="centred", max_steps=10),
    agent=AgentConfig(
        actor_hidden=(128, 128),
        critic_state_hidden=(128,),
        critic_hidden=(128, 128),
        warm_start=False,
        critic_products=False,
        critic_sees="action",
        gamma=0.9,
        actor_lr=1e-4,
        critic_lr=1e-3,
    ),
    training=TrainingConfig(
        passes=6.0,
        batch_size=256,
        steps_per_update=64,
        replay="prioritized",
        exploration="epsilon",
        critic_first=0.0,
        reward_share=1.0,
    ),
)

SIMPLE = ExperimentConfig()

PLANNING = ExperimentConfig(
    agent=AgentConfig(
        state="traces",
        actor_hidden=(96, 96),
        actions="unit",
        warm_start=False,
        critic="linear",
        critic_hidden=(96, 96),
        critic_products=False,
        slate_size=1000,
        slate_top=1,
        temperature=0.05,
        gamma=0.95,
        n_steps=5,
        tau=0.01,
        actor_lr=1.5e-3,
        critic_lr=1.5e-3,
    ),
    training=TrainingConfig(
        batch_size=512,
        capacity=300_000,
        steps_per_update=256,
        final_rate=0.1,
        critic_first=0.0,
        random_share=0.025,
        exploration="gaussian",
        noise=0.5,
        final_noise=0.02,
    ),
)

PRESETS: dict[str, ExperimentConfig] = {
    "default": DEFAULT,
    "simple": SIMPLE,
    "next": NEXT,
    "paper": PAPER,
    "original": ORIGINAL,
    "planning": PLANNING,
}
