"""Figures of the clinic: a line a patient, a row a defect, everything labelled."""

import numpy as np

from drr_tutorial.lab.figures import clinic

CURVE = {"step": [0, 10, 20], "hit": np.full((3, 3), 0.5).tolist(), "value": np.ones((3, 3)).tolist()}
INTERVAL = {"mean": -0.1, "low": -0.2, "high": 0.0}


def test_patients_side_by_side() -> None:
    figure = clinic.patients({"healthy": CURVE, "sick": CURVE}, popularity=0.6)
    left, right = figure.axes
    assert len(left.lines) == 2 * (3 + 1) + 1 and len(right.lines) == 2 * (3 + 1)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["healthy", "sick", "popularity"]
    assert (left.get_ylabel(), right.get_ylabel()) == ("HR@10, test part", "mean Q(s, a)")
    assert right.lines[0].get_xdata().tolist() == [0.01, 0.02]  # no Q before the first update


def test_costs_have_a_row_a_defect() -> None:
    figure = clinic.costs({"one": {"HR@10": INTERVAL, "nDCG@10": INTERVAL}})
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["one"]
    assert figure.axes[0].lines[0].get_xdata().tolist() == [-0.2, 0.0]


def test_reported_beside_true() -> None:
    figure = clinic.reported(
        {
            "a": {"true": {"mean": 0.6}, "reported": {"mean": 0.4}},
            "b": {"true": {"mean": 0.6}, "reported": {"mean": 0.7}},
        }
    )
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["true", "reported"]
