"""The agents in the fair table: one training, judged by all protocols of its split, before and after.

An agent before training ranks by its vectors alone, so the difference is what training adds.
"""

import dataclasses
from typing import NamedTuple

from drr_tutorial.config import PRESETS, StateName
from drr_tutorial.lab.bars.without_rl import CorrectionWithoutRL, Loss
from drr_tutorial.lab.studies.fair.protocols import Figures, judge, keep, prepare
from drr_tutorial.recommenders.baselines import IALSRecommender
from drr_tutorial.recommenders.drr import DRRRecommender


class Entrant(NamedTuple):
    """An agent in the table: its name there, its preset and state, and the split that it learns from."""

    name: str
    preset: str
    state: StateName
    kind: str


def trained_agent(data: str, entrant: Entrant, seed: int) -> Figures:
    """A row of the fair table; under "before training" the same agent with an actor that has learned nothing."""
    split, config = prepare(data, entrant.kind), PRESETS[entrant.preset]
    agent_config = dataclasses.replace(config.agent, state=entrant.state)
    config = dataclasses.replace(config, dataset=data, seed=seed, agent=agent_config)
    agent = DRRRecommender(config, progress=False).fit(split.train)
    before = agent.before_training()
    return {
        **keep([judge(agent, entrant.kind, split)]),
        "before training": keep([judge(before, entrant.kind, split)]),
        "kept of the correction": agent.correction_share,
    }


def without_rl(data: str, kind: str, loss: Loss, seed: int) -> Figures:
    """A row of the fair table: the default agent's gates, trained without RL by a loss of rankings."""
    config = dataclasses.replace(PRESETS["default"], dataset=data, seed=seed)
    split = prepare(data, kind)
    return keep([judge(CorrectionWithoutRL(config, progress=False, loss=loss).fit(split.train), kind, split)])


def own_vectors(data: str, seed: int) -> Figures:
    """A row of the fair table: iALS with the settings of the simple agent's own embeddings."""
    split, settings = prepare(data, "original"), PRESETS["simple"].embedding
    vectors = IALSRecommender(
        settings.n_factors, settings.regularization, n_iterations=settings.n_iterations, seed=seed
    )
    return keep([judge(vectors.fit(split.train), "original", split)])
