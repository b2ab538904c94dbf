"""The paper's own settings end to end: the preset `paper` in all four states, by both of the paper's protocols.

A training is judged beside two agents that learned nothing by RL and have its vectors: a random actor, with the weights
that the training began with, and PMF, whose action is the user's vector. The bars are popularity, average rating and
random (see `fair.bars`). Simulated sessions are those of `evaluation.simulator`, with fixed policies, as for all other
methods; and beside them, for fewer users, the paper's own, in which the agent goes on learning and is reset (see
`lab.online`).

Each state has its own learning rate of actor and state representation, the one of `GRID` with the best nDCG@10 of own
items on the validation part of ml-100k; `RATES` holds the choice, and the summary the trials beside it.

Keys of the summary:

    "tuning"   {state: {"rate": in use, "trials": {rate: nDCG@10}}}
    "data"     {data: {"methods": {protocol: {method: {metric: {mean, low, high, seeds}}}},
                       "minus": {other: {protocol: {method: {metric: difference}}}}, see `paired.difference`; the
                       others are "PMF", "untrained", "popularity" and, where there are other states, "DRR-ave",
                       "learning in a session adds": {state: difference in reward@10},
                       "actions": {state: {version: see `actions`, mean over seeds}},
                       "fit seconds": {state: mean}, "history": {state: of each seed}}}
"""

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import get_args

import numpy as np
import torch

from drr_tutorial.config import PRESETS, ExperimentConfig, StateName
from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.simulator import evaluate_simulated, simulate_users
from drr_tutorial.evaluation.tasks import own_items_task
from drr_tutorial.lab.online import evaluate_learning_online
from drr_tutorial.lab.studies.fair.bars import tuned_baseline
from drr_tutorial.lab.studies.fair.protocols import METRICS, Figures, judge, keep, prepare
from drr_tutorial.lab.studies.paired import difference, judged, kept
from drr_tutorial.lab.studies.runner import Row, Study
from drr_tutorial.recommenders.drr import DRRRecommender

SEEDS = tuple(range(5))
STATES: tuple[StateName, ...] = get_args(StateName)
OUR_STATE: StateName = "drr-ave"
GRID = (1e-5, 3e-5, 1e-4, 3e-4)
RATES: Mapping[StateName, float] = {"drr-p": 1e-4, "drr-u": 1e-4, "drr-ave": 3e-5, "drr-att": 1e-4}
PASSES = {"ml-100k": 6.0, "ml-1m": 1.0}
"""The preset's, and less for ML-1M, where a pass has ten times the steps: for the time that it takes."""
BARS = ("popularity", "average rating", "random")
N_ONLINE = 100  # users with whom the agent goes on learning: each has networks of their own
KIND = "by-user"  # the paper's split
VERSIONS = ("trained", "untrained", "PMF")


def rows() -> list[Row]:
    """A training a row, those of ML-1M first; its other states are those of the study `paper_large`."""
    trials = [Row(f"tuning.{state}.{rate}", partial(trial, state, rate)) for state in STATES for rate in GRID]
    runs = [*rows_of_states("ml-1m", [OUR_STATE]), *rows_of_states("ml-100k", STATES)]
    return [*runs, *trials, *(row for data in PASSES for row in rows_of_bars(data))]


def rows_of_states(data: str, states: Sequence[StateName]) -> list[Row]:
    """Five of each of these states."""
    return [Row(f"{data}.{state}.{seed}", partial(trained, data, state, seed)) for state in states for seed in SEEDS]


def rows_of_bars(data: str) -> list[Row]:
    """What the trainings stand beside."""
    return [Row(f"{data}.{_slug(bar)}", partial(tuned_baseline, data, KIND, bar)) for bar in BARS]


def config_of(data: str, state: StateName, rate: float, seed: int) -> ExperimentConfig:
    """The preset with this learning rate of actor and state representation."""
    preset = PRESETS["paper"]
    agent = replace(preset.agent, state=state, actor_lr=rate, state_lr=rate)
    training = replace(preset.training, passes=PASSES[data])
    return replace(preset, dataset=data, seed=seed, agent=agent, training=training)


def trial(state: StateName, rate: float) -> Figures:
    """A row: nDCG@10 of own items on the validation part of ml-100k, with seed 0; the test part is not looked at."""
    split = prepare("ml-100k", KIND).for_tuning()
    agent = DRRRecommender(config_of("ml-100k", state, rate, 0), progress=False).fit(split.train)
    return {"nDCG@10": evaluate_ranking(agent, own_items_task(split)).mean("nDCG@10"), "history": agent.history}


def trained(data: str, state: StateName, seed: int) -> Figures:
    """A row: the agent trained and untrained, and PMF with its vectors, by both protocols."""
    return versions(config_of(data, state, RATES[state], seed), prepare(data, KIND))


def versions(config: ExperimentConfig, split: Split) -> Figures:
    """One training, and what its networks and its vectors know without it; see `VERSIONS`."""
    start = time.perf_counter()
    agent = DRRRecommender(config, progress=False).fit(split.train)
    about = {"fit seconds": time.perf_counter() - start, "history": agent.history}
    found = {"trained": agent, "untrained": untrained(agent), "PMF": vectors_alone(agent)}
    about["online"] = online(agent, split)
    about["actions"] = {name: actions(one) for name, one in found.items()}
    return about | {name: keep([judge(one, KIND, split)]) for name, one in found.items()}


def untrained(agent: DRRRecommender) -> DRRRecommender:
    """The same vectors with the networks that the training began with: a random actor, where nothing starts warm."""
    other = copy.copy(agent)
    other.networks = agent._build(agent.embeddings)
    return other


def vectors_alone(agent: DRRRecommender) -> DRRRecommender:
    """The same vectors with an actor that returns the user's, whatever is liked in a session."""
    warm = copy.copy(agent)
    warm._config = replace(agent._config, agent=replace(agent._config.agent, warm_start=True))
    warm.networks = warm._build(agent.embeddings)
    return warm.before_training()


def online(agent: DRRRecommender, split: Split) -> Figures:
    """Simulated sessions of `N_ONLINE` users, with the agent as it is, "fixed", and "learning" in each session."""
    world = simulate_users(split.ratings, rng=np.random.default_rng(0))  # the one of `judge`
    evaluations = {"fixed": evaluate_simulated, "learning": evaluate_learning_online}
    reports = {name: evaluate(agent, world, split, n_users=N_ONLINE) for name, evaluate in evaluations.items()}
    return {name: kept({"simulated": report}, METRICS) for name, report in reports.items()}


@torch.inference_mode()
def actions(agent: DRRRecommender) -> dict[str, float]:
    """What an actor has become: the share of its entries beyond 0.95, at the ends of tanh, and how alike the actions of
    all users are, the mean cosine to their mean, 1 when everybody gets the same.
    """
    users = torch.arange(len(agent.memory))
    made = agent.networks.act(agent.networks.see(users, torch.from_numpy(agent.memory)))
    alike = torch.nn.functional.cosine_similarity(made, made.mean(dim=0, keepdim=True))
    return {"saturated": float((made.abs() > 0.95).float().mean()), "alike": float(alike.mean())}


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """See the module."""
    return {
        "tuning": {state: _trials(figures, state) for state in STATES},
        "data": {d: _of(figures, d) for d in PASSES},
    }


def _trials(figures: Mapping[str, Figures], state: StateName) -> Figures:
    trials = {str(rate): figures[f"tuning.{state}.{rate}"]["nDCG@10"] for rate in GRID}
    return {"rate": RATES[state], "trials": trials}


def _of(figures: Mapping[str, Figures], data: str) -> Figures:
    """All of one data set; the states of which there are rows."""
    runs = {state: [figures[k] for seed in SEEDS if (k := f"{data}.{state}.{seed}") in figures] for state in STATES}
    runs = {state: found for state, found in runs.items() if found}
    bars = {bar: [figures[f"{data}.{_slug(bar)}"]] for bar in BARS}
    methods = _methods(runs) | bars
    against: Figures = {other: {} for other in ("PMF", "untrained", "popularity", _name(OUR_STATE))}
    for state, found in runs.items():
        for other, compared in against.items():
            if other != _name(state):
                compared[_name(state)] = difference(_version(found, "trained"), _rivals(found, other, methods))
    return {
        "methods": _by_protocol({name: judged(found) for name, found in methods.items()}),
        "minus": {other: _by_protocol(compared) for other, compared in against.items() if compared},
        "learning in a session adds": {state: _learning_adds(found) for state, found in runs.items()},
        "actions": {
            state: {version: _mean_actions(found, version) for version in VERSIONS} for state, found in runs.items()
        },
        "fit seconds": {state: sum(run["fit seconds"] for run in found) / len(found) for state, found in runs.items()},
        "history": {state: [run["history"] for run in found] for state, found in runs.items()},
    }


def _rivals(runs: Sequence[Figures], other: str, methods: Mapping[str, list[Figures]]) -> list[Figures]:
    """What trainings are compared with: a version of themselves, or another method."""
    return _version(runs, other) if other in VERSIONS else methods[other]


def _methods(runs: Mapping[StateName, Sequence[Figures]]) -> dict[str, list[Figures]]:
    """Each state trained and untrained, and PMF, whose vectors are the same whatever the state."""
    found = {}
    for state, trainings in runs.items():
        found[_name(state)] = _version(trainings, "trained")
        found[f"{_name(state)}, untrained"] = _version(trainings, "untrained")
    return found | {"PMF": _version(runs[OUR_STATE], "PMF")}


def _by_protocol(methods: Mapping[str, Figures]) -> Figures:
    """{method: {protocol: ...}} as {protocol: {method: ...}}."""
    protocols = next(iter(methods.values()))
    return {protocol: {name: found[protocol] for name, found in methods.items()} for protocol in protocols}


def _learning_adds(runs: Sequence[Figures]) -> Figures:
    played = _version(runs, "online")
    return difference(_version(played, "learning"), _version(played, "fixed"))["simulated"]["reward@10"]


def _mean_actions(runs: Sequence[Figures], version: str) -> Figures:
    found = [run["actions"][version] for run in runs]
    return {name: sum(one[name] for one in found) / len(found) for name in found[0]}


def _version(runs: Sequence[Figures], name: str) -> list[Figures]:
    return [run[name] for run in runs]


def _name(state: str) -> str:
    return state.replace("drr", "DRR")


def _slug(method: str) -> str:
    return method.replace(" ", "-")


STUDY = Study(
    name="paper",
    title="The paper's own settings by the paper's own protocols, beside PMF and an untrained actor",
    rows=rows,
    summarize=summarize,
    data=tuple(PASSES),
    seeds=SEEDS,
    full_only=True,
)
