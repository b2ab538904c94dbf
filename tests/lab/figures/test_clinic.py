"""Figures of the clinic: a line a patient, a row a defect, everything labelled."""

from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

from drr_tutorial.lab.figures import clinic
from drr_tutorial.lab.pages import read_result

CURVE = {"step": [0, 10, 20], "hit": np.full((3, 3), 0.5).tolist(), "value": np.ones((3, 3)).tolist()}
INTERVAL = {"mean": -0.1, "low": -0.2, "high": 0.0}
SUMMARY: dict[str, Any] = {
    "curves": dict.fromkeys(("healthy", "healthy, moving vectors", *clinic.CASES.values()), CURVE),
    "popularity": {"HR@10": 0.6},
    "sample time": {"capacities": [10, 100], "microseconds": {"healthy": [1, 2], clinic.CASES[8]: [1, 20]}},
}


def test_hit_rate_above_what_the_critic_believes() -> None:
    figure = clinic.patients({"healthy": CURVE, "sick": CURVE}, popularity=0.6)
    upper, lower = figure.axes
    assert len(upper.lines) == 2 * (3 + 1) + 1 and len(lower.lines) == 2 * (3 + 1)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["healthy", "sick", "popularity"]
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("HR@10, test part", "mean Q(s, a)")
    assert lower.lines[0].get_xdata().tolist() == [0.01, 0.02]  # no Q before the first update


def test_costs_have_a_row_a_defect() -> None:
    figure = clinic.costs({"one": {"HR@10": INTERVAL, "nDCG@10": INTERVAL}})
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["one"]
    assert figure.axes[0].lines[0].get_xdata().tolist() == [-0.2, 0.0]


def test_reported_beside_true_named_by_cases_only() -> None:
    found = {defect: {"true": {"mean": 0.6}, "reported": {"mean": 0.4}} for defect in clinic.REPORTS.values()}
    figure = clinic.reported(found)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(clinic.REPORTS)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["true", "reported"]


@pytest.mark.parametrize("number", clinic.CASES)
def test_a_case_shows_the_patient_beside_the_healthy_one_and_does_not_say_what_is_ill(number: int) -> None:
    figure = clinic.case(SUMMARY, number)
    shown = {text.get_text() for text in figure.findobj(Text)}
    assert {"healthy", "this patient"} <= shown
    assert ("its healthy partner" in shown) == (number == 2)
    assert not [text for text in shown if any(defect in text for defect in clinic.CASES.values())]


def test_a_case_draws_its_own_patient() -> None:
    ill = {**CURVE, "hit": np.full((3, 3), 0.1).tolist()}
    summary = {**SUMMARY, "curves": {**SUMMARY["curves"], clinic.CASES[4]: ill}}
    values = [float(line.get_ydata()[0]) for line in clinic.case(summary, 4).axes[0].lines]
    assert values == pytest.approx([0.5] * 4 + [0.1] * 4 + [0.6])


def test_a_case_without_a_patient_is_refused() -> None:
    with pytest.raises(ValueError, match=r"number must be one of the cases 1 to 8 that have a patient, got 9"):
        clinic.case(SUMMARY, 9)


def test_each_defect_of_the_study_is_a_case_and_the_bill_has_those_that_change_what_is_learned() -> None:
    study = read_result("clinic")["summary"]
    patients = {*study["curves"], *study["sample time"]["microseconds"]}
    partners = {name for shown in clinic.PARTNERS.values() for name in shown}
    assert {*clinic.CASES.values(), *partners, "healthy"} == patients
    assert set(clinic.REPORTS.values()) == set(study["reports"])
    rows = [text.get_text().replace("\n", " ") for text in clinic.bill(study).axes[0].get_yticklabels()]
    assert rows == [f"{number}: {defect}" for number, defect in clinic.CASES.items() if number != 8]
