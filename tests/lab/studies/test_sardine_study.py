"""The study `sardine`: its rows with a tiny budget, and its summary from rows with known answers."""

from typing import Any

import numpy as np
import pytest

from drr_tutorial.lab.studies import sardine

pytest.importorskip("sardine", reason="needs the extra 'worlds'")


def known_rows() -> dict[str, Any]:
    """Gamma 0 earns 40 + seed, planning half as much more; of the bounds, the first user earns 1, the second 3."""
    rows: dict[str, Any] = {}
    for taste in sardine.INFLUENCE:
        rows[f"{taste}-bounds"] = {"random": {"clicks": 2.0, "detail": [1.0, 3.0]}}
        for seed in sardine.SEEDS:
            rows[f"{taste}-gamma-0-{seed}"] = {"detail": [40.0 + seed, 40.0 + seed]}
            rows[f"{taste}-planning-{seed}"] = {"detail": [1.5 * (40 + seed)] * 2}
    return rows


def test_keys_are_those_that_the_summary_reads() -> None:
    assert {row.key for row in sardine.rows()} == set(known_rows())


def test_the_summary_says_what_planning_adds() -> None:
    summary = sardine.summarize(known_rows())
    for taste in sardine.INFLUENCE:
        players, adds = summary[taste]["players"], summary[taste]["planning adds"]
        assert players["gamma 0"]["over seeds"]["mean"] == pytest.approx(41)
        assert players["planning"]["over users"] == pytest.approx({"mean": 61.5, "low": 61.5, "high": 61.5})
        assert players["random"]["over users"]["low"] < 2 < players["random"]["over users"]["high"]
        assert "over seeds" not in players["random"]
        assert adds["factor"]["over seeds"] == pytest.approx({"mean": 1.5, "low": 1.5, "high": 1.5})
        assert adds["clicks"]["over users"]["mean"] == pytest.approx(20.5)


def test_the_oracles_stand_in_their_order() -> None:
    clicks = {taste: sardine.bounds(taste, n_fresh=64) for taste in sardine.INFLUENCE}
    means = {taste: {name: row["clicks"] for name, row in rows.items()} for taste, rows in clicks.items()}
    assert means["fixed"]["random"] < 15 and means["fixed"]["greedy"] == pytest.approx(50, abs=0.5)
    assert means["fixed"]["rotating"] == pytest.approx(100, abs=0.5)
    assert means["moving"]["greedy"] + 15 < means["moving"]["rotating"] < means["moving"]["sparing"] - 5
    assert len(clicks["fixed"]["greedy"]["detail"]) == 64


@pytest.mark.parametrize("look", sardine.LOOKS)
def test_a_training_of_a_few_steps_is_judged_by_fresh_users(look: str) -> None:
    row = sardine.trained("moving", look, 0, steps=1536, n_fresh=4)
    assert len(row["detail"]) == 4 and row["clicks"] == np.mean(row["detail"])
