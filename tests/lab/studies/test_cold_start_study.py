"""The study of cold-start sessions: its methods can be made, its agent plays as the world does, its sums are right."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import user_split
from drr_tutorial.evaluation.sessions import evaluate_sessions
from drr_tutorial.lab.studies import cold_start as study
from drr_tutorial.lab.studies.runner import DETAIL


@pytest.mark.parametrize("name", study.METHODS)
def test_every_method_plays_with_strangers(name: str, synthetic: Ratings) -> None:
    split = user_split(synthetic, seed=0)
    report = evaluate_sessions(study.METHODS[name]().fit(split.train), split.test, steps=(5,), seed=0)
    assert 0 < report.mean("reward@5") <= 5


@pytest.mark.parametrize("name", study.SEARCHED)
def test_what_was_chosen_is_among_what_was_searched(name: str) -> None:
    assert repr(study.METHODS[name]()) in [repr(make()) for make in study.SEARCHED[name]]


def test_the_untrained_agent_is_the_gaussian_itself(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    """So all that it earns more is learned."""
    monkeypatch.setitem(study.GAUSSIAN, "n_components", 4)
    split = user_split(synthetic, seed=0)
    gaussian = study.GaussianRecommender(**study.GAUSSIAN).fit(split.train)
    agent = study.learned(split.train, 0, 0.0, study.PLACES * 8)
    agent = agent._replace(agent=study.DRRAgent(agent.agent.users.env, seed=0, **study.SETTINGS))  # type: ignore[union-attr]
    answers = csr_array(np.array([[0, 1, 0, -1] + [0] * (synthetic.n_items - 4)], dtype=np.float32))
    order = [np.argsort(-method.scores_after(answers)[0])[:20] for method in (gaussian, agent)]
    np.testing.assert_array_equal(*order)


@pytest.mark.parametrize("draws", [study.DRAWS, study.FEW_DRAWS])
def test_the_summary_pairs_users_and_keeps_draws(draws: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    names = [study.key(name) for name in study.METHODS] + [f"drr-{gamma:g}" for gamma in study.GAMMAS]
    names.append("drr-five-steps")
    base = {draw: rng.random(50) for draw in draws}
    figures: dict[str, Any] = {
        f"{name}.{draw}": _row(base[draw] + place) for place, name in enumerate(names) for draw in draws
    }
    figures |= {f"people.{draw}": {"users": 50, DETAIL: list(range(draw, draw + 50))} for draw in draws}
    found = study.summarize(figures)
    first, agent = next(iter(study.METHODS)), names.index("drr-0")
    assert_allclose(found["methods"][first]["40"]["draws"], [base[draw].mean() for draw in draws])
    assert_allclose(found["DRR minus"][first]["over users"]["mean"], agent)
    assert_allclose(found["DRR minus"][first]["over draws"]["low"], agent)  # the same in every draw
    assert_allclose(found["looking ahead adds"]["0.5"]["over users"]["mean"], 1)
    assert_allclose(found["looking ahead adds"]["0.9, five steps"]["over users"]["mean"], 3)
    assert_allclose(found["DRR minus"][first]["share"], agent / np.mean([base[draw].mean() for draw in draws]))


def test_the_quick_version_has_every_method_and_discount_in_two_draws() -> None:
    quick = {row.key for row in study.rows() if not row.full_only}
    names = [*map(study.key, study.METHODS), *(f"drr-{gamma:g}" for gamma in study.GAMMAS)]
    names += ["drr-five-steps", "people"]
    assert quick == {f"{name}.{draw}" for name in names for draw in (0, 1)}


def _row(likes: Any) -> dict[str, Any]:
    return {"after": {str(length): float(likes.mean()) for length in study.LENGTHS}, DETAIL: likes.tolist()}


def test_somebody_in_two_draws_counts_as_one() -> None:
    """Two draws of the same four people, with equal differences: as sure as one draw, not surer."""
    gain = np.array([0.0, 1.0, 2.0, 5.0])
    once = {"a.0": _row(gain + 1), "b.0": _row(0 * gain + 1), "people.0": {DETAIL: [1, 2, 3, 4]}}
    twice = once | {"a.1": _row(gain + 1), "b.1": _row(0 * gain + 1), "people.1": {DETAIL: [1, 2, 3, 4]}}
    second = study._difference(twice, "a", "b")["over users"]
    alone = study.bootstrap_users(gain, np.ones(4))
    assert_allclose([second["low"], second["high"]], [alone.low, alone.high])


def test_people_are_in_the_order_of_the_reports(ml_1m: Ratings) -> None:
    split = study.divided(1)
    report = evaluate_sessions(study.METHODS["popularity"]().fit(split.train), split.test, steps=(1,), seed=0)
    assert study.people(1)[DETAIL] == report.users.tolist()
