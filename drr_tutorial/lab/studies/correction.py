"""What the actor learned: gates that see the state beside their own mean, one vector for everybody, and no RL at all.

All have the vectors of the preset `default`. "gates" is an actor that sees the state. "mean gates" is the same actor
with everybody's gates replaced by their mean over users, so that what is left is the same for all. "shared gates" is
the default, "gates by BPR" and "gates by softmax" are trained without RL; these rows are shared with the fair table.

The summary is, for each data set:

    "methods"   {protocol: {method: {metric: {mean, low, high, seeds}}}}
    "minus"     {other: {protocol: {method: {metric: difference}}}}, see `paired.difference`
    "entries"   of each entry of the vectors {"mean", "spread"}: mean and standard deviation over users, first seed
    "spread"    mean of the latter over entries and seeds
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from drr_tutorial.actor_critic.networks import OneForAll
from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.lab.studies.fair.agents import trained_agent, without_rl
from drr_tutorial.lab.studies.fair.protocols import Figures, judge, keep, prepare
from drr_tutorial.lab.studies.fair.table import BEFORE, DEFAULT, WITHOUT_RL
from drr_tutorial.lab.studies.paired import difference, judged
from drr_tutorial.lab.studies.runner import Row, Study
from drr_tutorial.recommenders.drr import DRRRecommender

SEEDS: Mapping[str, Sequence[int]] = {"ml-100k": range(5), "ml-1m": range(3)}
RATE = 2e-4  # learning rate of an actor that sees the state, as it validated best (see the log of experiments)
KIND = "rated"
SHARED, GATES, MEAN = "shared gates", "gates", "mean gates"
OTHERS = (BEFORE, MEAN, "gates by BPR")
"""What methods are compared with."""


def rows() -> list[Row]:
    """A training a row, ML-1M first."""
    places = [(data, seed) for data in ("ml-1m", "ml-100k") for seed in SEEDS[data]]
    return [
        *(Row(f"gates.{data}.{seed}", partial(trained, data, seed)) for data, seed in places),
        *(Row(_default(data, seed), partial(trained_agent, data, DEFAULT, seed)) for data, seed in places),
        *(
            Row(_without_rl(data, name, seed), partial(without_rl, data, KIND, loss, seed))
            for data, seed in places
            for name, loss in WITHOUT_RL.items()
        ),
    ]


def config_of(data: str, seed: int) -> ExperimentConfig:
    """The default with gates that see the state."""
    preset = PRESETS["default"]
    agent = replace(preset.agent, correction="gates", actor_lr=RATE)
    return replace(preset, dataset=data, seed=seed, agent=agent)


def trained(data: str, seed: int) -> Figures:
    """A row: one training, with everybody's own gates, with their mean, and before it; and what the gates are."""
    split = prepare(data, KIND)
    agent = DRRRecommender(config_of(data, seed), progress=False).fit(split.train)
    gates = gates_of(agent)
    versions = {GATES: agent, MEAN: with_gates(agent, gates.mean(dim=0)), BEFORE: agent.before_training()}
    found = {name: keep([judge(one, KIND, split)]) for name, one in versions.items()}
    about = {"mean": gates.mean(dim=0).tolist(), "spread": gates.std(dim=0).tolist()}
    return {**found, "entries": about, "kept of the correction": agent.correction_share}


@torch.inference_mode()
def gates_of(agent: DRRRecommender) -> Tensor:
    """What the actor says for each user of the data, at the end of their memories: (n_users, k)."""
    networks = agent.networks
    state = networks.see(torch.arange(len(agent.memory)), torch.from_numpy(agent.memory))
    return networks.actor.layers(state.vector)  # type: ignore[no-any-return]


def with_gates(agent: DRRRecommender, gates: Tensor) -> DRRRecommender:
    """The same agent with these gates (k,) for everybody."""
    other, shared = copy.copy(agent), OneForAll(len(gates))
    shared.output.data = gates.clone()
    other.networks = copy.deepcopy(agent.networks)
    other.networks.actor.layers = nn.Sequential(shared)
    return other


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """See the module."""
    return {data: _of(figures, data) for data in SEEDS}


def _of(figures: Mapping[str, Figures], data: str) -> Figures:
    """All of one data set."""
    runs = [figures[f"gates.{data}.{seed}"] for seed in SEEDS[data]]
    methods = _methods(figures, data, runs)
    return {
        "methods": _by_protocol({name: judged(found) for name, found in methods.items()}),
        "minus": {
            other: _by_protocol({name: difference(found, methods[other]) for name, found in methods.items()})
            for other in OTHERS
        },
        "entries": runs[0]["entries"],
        "spread": float(np.mean([run["entries"]["spread"] for run in runs])),
    }


def _methods(figures: Mapping[str, Figures], data: str, runs: Sequence[Figures]) -> dict[str, Any]:
    """Method -> its runs."""
    return {
        **{version: [run[version] for run in runs] for version in (BEFORE, GATES, MEAN)},
        SHARED: [figures[_default(data, seed)] for seed in SEEDS[data]],
        **{name: [figures[_without_rl(data, name, seed)] for seed in SEEDS[data]] for name in WITHOUT_RL},
    }


def _default(data: str, seed: int) -> str:
    return f"{data}.rated.default.drr-ave.{seed}"


def _without_rl(data: str, name: str, seed: int) -> str:
    return f"{data}.rated.{name.replace(' ', '-')}.{seed}"


def _by_protocol(methods: Mapping[str, Figures]) -> Figures:
    """{method: {protocol: ...}} as {protocol: {method: ...}}."""
    protocols = next(iter(methods.values()))
    return {protocol: {name: found[protocol] for name, found in methods.items()} for protocol in protocols}


STUDY = Study(
    name="correction",
    title="What the actor learned: gates that see the state, one vector for everybody, no RL",
    rows=rows,
    summarize=summarize,
    data=tuple(SEEDS),
    seeds=tuple(SEEDS["ml-100k"]),
    shares="fair-table",
    full_only=True,
)
