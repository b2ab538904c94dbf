"""What each defect of the clinic costs, on ml-100k with the clinic's own patient, five seeds.

Keys of the summary:

    "popularity"    {metric: value} on the same lists (test part, protocol `unseen`)
    "curves"        {patient: {"step": [n], "hit": [seeds][n], "dcg": ..., "value": ...}} on the test part; `value` is
                    what the critic believes, mean Q(s, a) of the updates around
    "last"          {patient: {metric: {mean, low, high}}} of the last weights, t-interval over seeds
    "cost"          {patient: {metric: {mean, low, high}}}: last weights minus the healthy ones, paired by seed; below 0
                    is a loss
    "kept cost"     the same for the weights that the validation part chose
    "believed"      {patient: {mean, low, high}}: Q at the end
    "reports"       {defect of the evaluation: {"reported": interval, "true": interval, "error": interval}} of HR@10
    "lookups"       {"wrong titles": share, "new films": share of the test positives that a frozen list cannot show,
                    "example": [[title, title shown], ...]}
    "sample time"   of a batch of 512: {"capacities": [...], "microseconds": {"healthy": [...], "powers at every
                    sample": [...]}}
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, original_split
from drr_tutorial.environment.memory import latest_liked
from drr_tutorial.evaluation.intervals import interval_over_seeds
from drr_tutorial.evaluation.ranking import evaluate_scores
from drr_tutorial.evaluation.tasks import RankingTask
from drr_tutorial.lab.clinic import evaluations
from drr_tutorial.lab.clinic.environments import TimeLimitIsTheEnd
from drr_tutorial.lab.clinic.lookups import titles_by_place
from drr_tutorial.lab.clinic.patient import HEALTHY, REFERENCE, Patient, Pieces, admit
from drr_tutorial.lab.clinic.replays import InertPriorities, PowersAtEverySample, RewardInDoneSlot
from drr_tutorial.lab.clinic.updates import MinusQInState, NoEndOfEpisode, RawVectors, TargetNotDetached
from drr_tutorial.lab.studies.runner import Figures, Row, Study
from drr_tutorial.training.replay import PrioritizedReplayBuffer
from drr_tutorial.training.trainer import one_thread

SEEDS = range(5)
METRICS = {"HR@10": "hit", "nDCG@10": "dcg"}
MOVING = replace(REFERENCE, embedding=replace(REFERENCE.embedding, learning_rate=1e-3))  # vectors that -Q can reach
PATIENTS: Mapping[str, tuple[ExperimentConfig, Pieces]] = {
    "healthy": (REFERENCE, HEALTHY),
    "inert priorities": (REFERENCE, HEALTHY._replace(prioritized=InertPriorities)),
    "no end of episode": (REFERENCE, HEALTHY._replace(update=NoEndOfEpisode)),
    "reward in the done slot": (REFERENCE, HEALTHY._replace(prioritized=RewardInDoneSlot)),
    "time limit is the end": (REFERENCE, HEALTHY._replace(environment=TimeLimitIsTheEnd)),
    "target not detached": (REFERENCE, HEALTHY._replace(update=TargetNotDetached)),
    "raw vectors": (REFERENCE, HEALTHY._replace(update=RawVectors)),
    "healthy, moving vectors": (MOVING, HEALTHY),
    "-Q into state and vectors": (MOVING, HEALTHY._replace(update=MinusQInState)),
}
CONTROLS = {
    "-Q into state and vectors": "healthy, moving vectors"
}  # what a patient is compared with; others: "healthy"


def patient_row(name: str) -> Figures:
    """One patient, all seeds: curves on the test part; the healthy one is then reported on by the defective
    evaluations.
    """
    split = original_split(load_ratings("ml-100k", progress=False))
    runs = [_run(split, name, seed) for seed in SEEDS]
    return {"runs": [run["curve"] for run in runs], "reports": [run["reports"] for run in runs]}


def lookup_row() -> Figures:
    """How many titles are wrong, how many test positives a list frozen half-way through the data cannot show."""
    ratings = load_ratings("ml-100k", progress=False)
    shown = titles_by_place(ratings)
    split = original_split(ratings)
    test = split.test
    new = ~np.isin(test.items, ratings.items[np.argsort(_times(ratings), kind="stable")[: len(ratings) // 2]])
    named = [0, 49, 99]
    example = [[str(ratings.titles[item]), str(shown[item])] for item in named]
    return {
        "popularity": _popularity(split),
        "wrong titles": float((shown != ratings.titles).mean()),
        "new films": float(new.mean()),
        "example": example,
    }


def speed_row() -> Figures:
    """Median time of a sample, in microseconds, by the number of stored transitions."""
    capacities = [1_000, 10_000, 100_000, 439_657]
    kinds = {"healthy": PrioritizedReplayBuffer, "powers at every sample": PowersAtEverySample}
    times = {name: [_sample_time(kind, capacity) for capacity in capacities] for name, kind in kinds.items()}
    return {"capacities": capacities, "microseconds": times}


def summarize(rows: Mapping[str, Figures]) -> Figures:
    """Curves, costs paired by seed, errors of the reports."""
    curves = {name: _curves(rows[_key(name)]["runs"]) for name in PATIENTS}
    last = {name: {label: curve[key][:, -1] for label, key in METRICS.items()} for name, curve in curves.items()}
    kept = {name: _kept(curve) for name, curve in curves.items()}
    bugs = [name for name in PATIENTS if name not in ("healthy", *CONTROLS.values())]
    return {
        "popularity": rows["lookups"]["popularity"],
        "curves": {name: {key: values.tolist() for key, values in curve.items()} for name, curve in curves.items()},
        "last": {
            name: {label: interval_over_seeds(values) for label, values in found.items()}
            for name, found in last.items()
        },
        "cost": {name: _difference(last, name) for name in bugs},
        "kept cost": {name: _difference(kept, name) for name in bugs},
        "believed": {name: interval_over_seeds(curve["value"][:, -1]) for name, curve in curves.items()},
        "reports": _reports(rows[_key("healthy")]["reports"]),
        "lookups": rows["lookups"],
        "sample time": rows["speed"],
    }


def _popularity(split: Split) -> Figures:
    counts = np.bincount(split.train.items, minlength=split.ratings.n_items).astype(np.float64)
    scores = np.broadcast_to(counts, (split.ratings.n_users, len(counts)))
    report = evaluate_scores(scores, evaluations.lists_without_training_positives(split))
    return {label: report.mean(label) for label in METRICS}


class _Observer:
    """The trainer's validation, which also looks at the test part, but for the record only."""

    def __init__(self, split: Split) -> None:
        self.memory = latest_liked(split.fit, REFERENCE.agent.memory_size)
        self.validation = evaluations.lists_without_training_positives(split.for_tuning())
        self.test = evaluations.lists_without_training_positives(split)
        self.patient: Patient | None = None
        self.users: list[NDArray[np.float64]] = []  # hit rate of each test user, one array a checkpoint

    def __call__(self, networks: ActorCritic) -> dict[str, float]:
        scores = evaluations.own_scores(networks, self.memory)
        figures = self._figures(scores, self.validation)
        tested = evaluate_scores(scores, self.test)
        self.users.append(tested.per_user["HR@10"].to_numpy())
        values = self.patient.values[-20:] if self.patient else []
        return figures | {
            "test_hit": tested.mean("HR@10"),
            "test_dcg": tested.mean("nDCG@10"),
            "value": float(np.mean(values)) if values else 0.0,
        }

    @staticmethod
    def _figures(scores: NDArray[np.float32], task: RankingTask) -> dict[str, float]:
        report = evaluate_scores(scores, task)
        return {"hit": report.mean("HR@10"), "dcg": report.mean("nDCG@10")}


def _run(split: Split, name: str, seed: int) -> Figures:
    config, pieces = PATIENTS[name]
    observer = _Observer(split)
    patient = admit(split, pieces, replace(config, seed=seed), validate=observer)
    observer.patient = patient
    history = patient.run()
    return {"curve": history, "reports": _report(split, patient, observer) if name == "healthy" else {}}


def _report(split: Split, patient: Patient, observer: _Observer) -> Figures:
    """Reported and true HR@10 of one healthy agent under each defect of the evaluation."""
    networks, memory = patient.networks, observer.memory
    scores = evaluations.own_scores(networks, memory)
    true = evaluate_scores(scores, observer.test).mean("HR@10")

    def hit(scores: NDArray[np.float32], task: RankingTask) -> float:
        return evaluate_scores(scores, task).mean("HR@10")

    validated, tested = (np.array([entry[key] for entry in patient.history]) for key in ("hit", "test_hit"))
    by_test = evaluations.best_on_test(validated, tested)
    by_user = evaluations.best_for_one_user(np.stack(observer.users), tested)
    one_user = int(split.test.users.max())  # the last in the table, as the notebook took it
    return {
        "training positives as negatives": [hit(scores, evaluations.lists_with_training_positives(split)), true],
        "one user's state for everybody": [
            hit(evaluations.one_users_scores(networks, memory, one_user), observer.test),
            true,
        ],
        "best on the test part": list(by_test),
        "best for one test user": list(by_user),
    }


def _sample_time(kind: type[PrioritizedReplayBuffer], capacity: int) -> float:
    rng = np.random.default_rng(0)
    buffer = kind(capacity, 5, 8)
    memory, zeros = np.zeros((capacity, 5), dtype=np.int64), np.zeros(capacity, dtype=np.int64)
    buffer.add(
        user=zeros,
        memory=memory,
        action=np.zeros((capacity, 8)),
        item=zeros,
        reward=zeros,
        next_memory=memory,
        terminated=zeros > 0,
    )
    buffer.update_priorities(np.arange(capacity), rng.exponential(size=capacity))
    times = []
    with one_thread():
        for _ in range(50):
            start = time.process_time()
            buffer.sample(512, rng)
            times.append(time.process_time() - start)
    return round(float(np.median(times)) * 1e6, 1)


def _curves(runs: list[list[dict[str, float]]]) -> dict[str, NDArray[np.float64]]:
    def of(key: str) -> NDArray[np.float64]:
        return np.array([[entry[key] for entry in run] for run in runs])  # (seeds, evaluations)

    return {
        "step": of("step")[0], "hit": of("test_hit"), "dcg": of("test_dcg"), "value": of("value"),
        "validation": of("hit") + of("dcg"),
    }  # fmt: skip


def _kept(curve: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    best = curve["validation"].argmax(axis=1)
    return {label: curve[key][np.arange(len(best)), best] for label, key in METRICS.items()}


def _difference(found: Mapping[str, Mapping[str, NDArray[np.float64]]], name: str) -> Figures:
    control = found[CONTROLS.get(name, "healthy")]
    return {label: interval_over_seeds(values - control[label]) for label, values in found[name].items()}


def _reports(seeds: list[Mapping[str, list[float]]]) -> Figures:
    found: dict[str, Any] = {}
    for name in seeds[0]:
        reported, true = np.array([seed[name] for seed in seeds]).T
        found[name] = {
            "reported": interval_over_seeds(reported),
            "true": interval_over_seeds(true),
            "error": interval_over_seeds(reported - true),
        }
    return found


def _times(ratings: Ratings) -> NDArray[np.int64]:
    assert ratings.timestamps is not None  # MovieLens has them
    return ratings.timestamps


def _key(name: str) -> str:
    return "patient-" + "-".join(name.replace(",", "").lstrip("-").lower().split())


STUDY = Study(
    name="clinic",
    title="What each defect of the original costs, on ml-100k, five seeds",
    rows=lambda: [
        *(Row(_key(name), partial(patient_row, name)) for name in PATIENTS),
        Row("lookups", lookup_row),
        Row("speed", speed_row),
    ],
    summarize=summarize,
    data=("ml-100k",),
    seeds=tuple(SEEDS),
)
