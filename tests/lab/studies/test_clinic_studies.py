"""The summaries of the studies `original` and `clinic`, from rows with known answers, and one small row from scratch."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import original_split
from drr_tutorial.evaluation.intervals import interval_over_seeds
from drr_tutorial.lab.clinic.patient import REFERENCE
from drr_tutorial.lab.digests import code_digests
from drr_tutorial.lab.studies import clinic, original


def clinic_rows() -> dict[str, Any]:
    """Healthy: 0.6 + seed / 100; everybody else 0.1 lower at the end; validation best at the first entry for the sick."""
    rows: dict[str, Any] = {}
    for name in clinic.PATIENTS:
        sick = 0.0 if name.startswith("healthy") else 0.1
        rows[clinic._key(name)] = {"reports": [], "runs": []}
        for seed in clinic.SEEDS:
            first = {"step": 0, "hit": 0.5, "dcg": 0.2, "test_hit": 0.6, "test_dcg": 0.3, "value": 0.0}
            last = {
                "step": 9,
                "hit": 0.6 - 2 * sick,
                "dcg": 0.2,
                "test_hit": 0.6 + seed / 100 - sick,
                "test_dcg": 0.3 - sick,
                "value": 1.0 + sick,
            }
            rows[clinic._key(name)]["runs"].append([first, last])
            rows[clinic._key(name)]["reports"].append({"a defect": [0.4 + seed / 100, 0.6]})
    rows["lookups"] = {
        "popularity": {"HR@10": 0.5, "nDCG@10": 0.3},
        "wrong titles": 1.0,
        "new films": 0.1,
        "example": [["a", "b"]],
    }
    rows["speed"] = {"capacities": [10], "microseconds": {"healthy": [1.0], "powers at every sample": [5.0]}}
    return rows


def test_the_clinics_costs_are_paired_by_seed() -> None:
    summary = clinic.summarize(clinic_rows())
    assert set(summary["cost"]) == {name for name in clinic.PATIENTS if not name.startswith("healthy")}
    for cost in summary["cost"].values():
        assert cost["HR@10"] == pytest.approx({"mean": -0.1, "low": -0.1, "high": -0.1})  # though the seeds differ
        assert cost["nDCG@10"]["mean"] == pytest.approx(-0.1)
    assert summary["believed"]["raw vectors"]["mean"] == pytest.approx(1.1)
    assert summary["last"]["healthy"]["HR@10"]["mean"] == pytest.approx(0.62)


def test_the_kept_weights_are_those_of_the_best_validation() -> None:
    kept = clinic.summarize(clinic_rows())["kept cost"]["raw vectors"]["HR@10"]["mean"]
    assert kept == pytest.approx(0.6 - 0.62)  # the first entry, against the healthy last one


def test_the_clinics_reports_are_errors() -> None:
    found = clinic.summarize(clinic_rows())["reports"]["a defect"]
    assert found["reported"]["mean"] == pytest.approx(0.42)
    assert found["error"]["mean"] == pytest.approx(-0.18)


def test_a_patient_row_from_scratch(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    small = dataclasses.replace(
        REFERENCE,
        embedding=dataclasses.replace(REFERENCE.embedding, n_factors=8, n_iterations=2),
        environment=dataclasses.replace(REFERENCE.environment, num_envs=16),
        training=dataclasses.replace(REFERENCE.training, batch_size=64, steps_per_update=16, passes=0.3, evaluations=2),
    )
    monkeypatch.setitem(clinic.PATIENTS, "healthy", (small, clinic.HEALTHY))
    monkeypatch.setattr(clinic, "SEEDS", range(1))
    monkeypatch.setattr(clinic, "load_ratings", lambda *_, **__: synthetic)
    row = clinic.patient_row("healthy")
    assert [entry["step"] > 0 for entry in row["runs"][0]] == [False, True, True]
    assert {"test_hit", "test_dcg", "value", "hit", "dcg"} < set(row["runs"][0][0])
    assert len(row["reports"][0]) == 4
    assert all(0 <= value <= 1 for pair in row["reports"][0].values() for value in pair)


def test_lookups_and_speed(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinic, "load_ratings", lambda *_, **__: synthetic)
    found = clinic.lookup_row()
    assert found["wrong titles"] > 0.9 and 0 <= found["new films"] < 1 and len(found["example"]) == 3
    assert clinic._sample_time(clinic.PowersAtEverySample, 100) > 0


def original_row() -> dict[str, Any]:
    n = len(original.RUNS)
    weights = [{"HR@10": 0.4 + 0.1 * run.noise + run.seed / 100, "nDCG@10": 0.2} for run in original.RUNS]
    figures = {
        protocol: {"popularity": {"HR@10": {"mean": 0.5, "low": 0.4, "high": 0.6}}, "best": weights, "final": weights}
        for protocol in original.PROTOCOLS
    }
    tracked = [[0.1, 0.0]] * 150 + [[0.9, 0.5]] + [[0.2, 0.0]] * 249
    bars = [{"best step": 300, "figures": tracked} for _ in range(n)]
    return {"six-runs": {"figures": figures, "curve": [{"step": 0}], "detail": {"bars": bars}}}


def test_the_originals_summary() -> None:
    summary = original.summarize(original_row())
    assert summary["mean"]["original"]["best"]["no noise"]["HR@10"]["mean"] == pytest.approx(0.41)
    assert summary["mean"]["unseen"]["final"]["noise"]["HR@10"]["mean"] == pytest.approx(0.51)
    assert summary["figures"]["masked"]["best"]["HR@10"] == pytest.approx([0.4, 0.41, 0.42, 0.5, 0.51, 0.52])
    assert summary["best by the right bar"] == [15_100] * 6
    assert len(summary["one user"]["steps"]) == 100 == len(summary["one user"]["hit"][0])
    assert summary["one user"]["steps"][:2] == [250, 650]  # means of four figures each, at 100 to 400, ...
    assert summary["one user"]["hit"][0][37] == pytest.approx((0.1 + 0.1 + 0.9 + 0.2) / 4)


def test_popularity_of_the_original(synthetic: Ratings) -> None:
    split = original_split(synthetic)
    found = original._with_intervals(original._popularity(split, original.ranking_task(split, "unseen")))
    assert found["HR@10"]["low"] < found["HR@10"]["mean"] < found["HR@10"]["high"]


def test_the_training_of_the_original_rests_on_few_modules() -> None:
    healthy = {"DRRRecommender", "Trainer", "DDPG", "AgentConfig", "Actor", "evaluate_ranking", "make_split"}
    assert not healthy & set(code_digests(original.TRAINING)) and "OriginalPass" in code_digests(original.TRAINING)


def test_interval_over_seeds_is_students() -> None:
    found = interval_over_seeds(np.array([1.0, 2.0, 3.0]))
    assert found == pytest.approx({"mean": 2.0, "low": 2 - 4.3027 / 3**0.5, "high": 2 + 4.3027 / 3**0.5}, abs=1e-4)
