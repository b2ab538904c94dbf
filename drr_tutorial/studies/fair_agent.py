"""The agent in the fair table: one training, judged by all protocols of its split, beside the vectors that it starts
from.
"""

import dataclasses

from drr_tutorial.agent import DRRRecommender
from drr_tutorial.baselines import IALSRecommender
from drr_tutorial.config import PRESETS, ExperimentConfig, StateName
from drr_tutorial.studies.fair_protocols import Figures, judge, keep, prepare


def trained_agent(data: str, kind: str, state: StateName, seed: int) -> Figures:
    """A row of the fair table: today's default preset with this state representation and seed."""
    split = prepare(data, kind)
    agent = DRRRecommender(_config(data, state, seed), progress=False).fit(split.train)
    return keep([judge(agent, kind, split)])


def own_vectors(data: str, kind: str, seed: int) -> Figures:
    """A row of the fair table: iALS with the settings of the agent's own embeddings, to see what training adds to
    it.
    """
    split, settings = prepare(data, kind), _config(data, PRESETS["default"].agent.state, seed).embedding
    vectors = IALSRecommender(settings.n_factors, settings.regularization, settings.alpha, settings.n_iterations, seed)
    return keep([judge(vectors.fit(split.train), kind, split)])


def _config(data: str, state: StateName, seed: int) -> ExperimentConfig:
    default = PRESETS["default"]
    return dataclasses.replace(default, dataset=data, seed=seed, agent=dataclasses.replace(default.agent, state=state))
