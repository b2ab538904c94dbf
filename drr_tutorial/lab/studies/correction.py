"""What the actor learned: gates that see the state beside their own mean, one vector for everybody, and no RL at all.

All have the vectors of the preset `default`. "gates" is an actor that sees the state, in all four representations, each
with its own learning rate: the one of `GRID` that validates best on ml-100k. "mean gates" is the same actor with
everybody's gates replaced by their mean over users, so that what is left is the same for all. "shared gates" is the
default, "gates by BPR" and "gates by softmax" are trained without RL; these rows are shared with the fair table.

Keys of the summary:

    "tuning"   {state: {"rate": in use, "trials": {rate: on the validation part}}}
    "data"     {data: {"methods": {protocol: {method: {metric: {mean, low, high, seeds}}}},
                       "minus": {other: {protocol: {method: {metric: difference}}}}, see `paired.difference`,
                       "entries": of each entry of the vectors {"mean", "spread"}: mean, standard deviation over users,
                       "spread": {method: mean of that over entries and seeds}}}
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor, nn

from drr_tutorial.actor_critic.networks import OneForAll
from drr_tutorial.config import PRESETS, ExperimentConfig, StateName
from drr_tutorial.lab.studies.fair.agents import trained_agent, without_rl
from drr_tutorial.lab.studies.fair.protocols import Figures, judge, keep, prepare
from drr_tutorial.lab.studies.fair.table import BEFORE, DEFAULT, WITHOUT_RL
from drr_tutorial.lab.studies.paired import difference, judged
from drr_tutorial.lab.studies.runner import Row, Study
from drr_tutorial.recommenders.drr import DRRRecommender

SEEDS: Mapping[str, Sequence[int]] = {"ml-100k": range(5), "ml-1m": range(3)}
STATES: tuple[StateName, ...] = get_args(StateName)
OURS: StateName = "drr-ave"
GRID = (5e-5, 2e-4, 8e-4)
RATES: Mapping[StateName, float] = {"drr-p": 2e-4, "drr-u": 2e-4, "drr-ave": 2e-4, "drr-att": 2e-4}
KIND = "rated"
SHARED, GATES, MEAN = "shared gates", "gates", "mean gates"
OTHERS = (BEFORE, MEAN, "gates by BPR")
"""What methods are compared with."""


def rows() -> list[Row]:
    """A training a row; of ML-1M only the paper's own state."""
    found = [
        Row(f"gates.{data}.{state}.{seed}", partial(trained, data, state, seed))
        for data in ("ml-1m", "ml-100k")
        for state in (STATES if data == "ml-100k" else (OURS,))
        for seed in SEEDS[data]
    ]
    shared = [
        row
        for data, seeds in SEEDS.items()
        for seed in seeds
        for row in (
            Row(f"{data}.rated.default.drr-ave.{seed}", partial(trained_agent, data, DEFAULT, seed)),
            *(
                Row(_key_without_rl(data, name, seed), partial(without_rl, data, KIND, loss, seed))
                for name, loss in WITHOUT_RL.items()
            ),
        )
    ]
    trials = [Row(f"gates.tuning.{state}.{rate}", partial(trial, state, rate)) for state in STATES for rate in GRID]
    return [*found, *shared, *trials]


def config_of(data: str, state: StateName, rate: float, seed: int) -> ExperimentConfig:
    """The default with gates that see the state."""
    preset = PRESETS["default"]
    agent = replace(preset.agent, correction="gates", state=state, actor_lr=rate)
    return replace(preset, dataset=data, seed=seed, agent=agent)


def trial(state: StateName, rate: float) -> Figures:
    """A row: the best figures on the agent's own validation part, with seed 0."""
    agent = DRRRecommender(config_of("ml-100k", state, rate, 0), progress=False).fit(prepare("ml-100k", KIND).train)
    return {"validation": max(entry["hit"] + entry["dcg"] for entry in agent.history) / 2}


def trained(data: str, state: StateName, seed: int) -> Figures:
    """A row: one training, with everybody's own gates, with their mean, and before it; and what the gates are."""
    split = prepare(data, KIND)
    agent = DRRRecommender(config_of(data, state, RATES[state], seed), progress=False).fit(split.train)
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
    trials = {
        state: {str(rate): figures[f"gates.tuning.{state}.{rate}"]["validation"] for rate in GRID} for state in STATES
    }
    return {
        "tuning": {state: {"rate": RATES[state], "trials": found} for state, found in trials.items()},
        "data": {data: _of(figures, data) for data in SEEDS},
    }


def _of(figures: Mapping[str, Figures], data: str) -> Figures:
    """All of one data set."""
    runs = {
        state: [figures[f"gates.{data}.{state}.{seed}"] for seed in SEEDS[data]]
        for state in STATES
        if f"gates.{data}.{state}.{SEEDS[data][0]}" in figures
    }
    methods = _methods(figures, data, runs)
    return {
        "methods": _by_protocol({name: judged(found) for name, found in methods.items()}),
        "minus": {
            other: _by_protocol({name: difference(found, methods[other]) for name, found in methods.items()})
            for other in OTHERS
        },
        "entries": runs[OURS][0]["entries"],
        "spread": {_name(GATES, state): _spread(found) for state, found in runs.items()},
    }


def _methods(figures: Mapping[str, Figures], data: str, runs: Mapping[StateName, list[Figures]]) -> dict[str, Any]:
    """Method -> its runs."""
    seeds = SEEDS[data]
    own = {
        _name(version, state): [run[version] for run in found]
        for state, found in runs.items()
        for version in (GATES, MEAN)
    }
    return {
        BEFORE: [run[BEFORE] for run in runs[OURS]],
        **own,
        SHARED: [figures[f"{data}.rated.default.drr-ave.{seed}"] for seed in seeds],
        **{name: [figures[_key_without_rl(data, name, seed)] for seed in seeds] for name in WITHOUT_RL},
    }


def _key_without_rl(data: str, name: str, seed: int) -> str:
    return f"{data}.rated.{name.replace(' ', '-')}.{seed}"


def _name(version: str, state: str) -> str:
    """The paper's own state needs no name."""
    return version if state == OURS else f"{version}, {state.replace('drr', 'DRR')}"


def _spread(runs: Sequence[Figures]) -> float:
    return float(np.mean([run["entries"]["spread"] for run in runs]))


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
)
