"""The study of the planning world, with a budget that proves nothing but that every row runs and every key is there."""

from typing import Any

import numpy as np
import pytest

from drr_tutorial.evaluation.episodes import play_episodes
from drr_tutorial.lab.studies.planning import agents, study
from drr_tutorial.lab.studies.planning.sessions import likes_of, of_typical_user, recorded, typical
from drr_tutorial.lab.studies.runner import DETAIL
from drr_tutorial.worlds.planners import Oracle, myopic


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "N_USERS", 6)
    monkeypatch.setattr(agents, "PLACES", 32)


@pytest.mark.parametrize("name", agents.VARIANTS)
def test_every_variant_trains_and_is_judged(name: str, small: None) -> None:
    found = agents.trained(name, 0, 1100)
    assert 0 <= found["likes"] <= 50 and len(found[DETAIL]) == 6
    assert found["cpu seconds"] > 0


def test_another_discount_and_another_world(small: None) -> None:
    still = agents.trained("ours", 0, 800, gamma=0.0, world={"leaving": False})
    assert still["length"] == 50


def run(likes: float) -> dict[str, Any]:
    return {"likes": likes, "cpu seconds": 1.0, "steps": 10, "optimum": 36.0, DETAIL: [likes, likes]}


def test_the_summary_has_every_key_and_compares_by_user() -> None:
    figures: dict[str, Any] = {row.key: run(10.0) for row in study.rows() if not row.full_only}
    figures |= {f"ours.{seed}": run(20.0 + seed) for seed in study.SEEDS}
    figures |= {
        f"bounds.{study.key(world)}": {"static": 1.0, "myopic": 10.0, "planner": 25.0, "weights": [0.0] * 6}
        for world in study.SWITCHES
    }
    for seed, user in ((0, [25.0, 19.0]), (1, [22.0, 20.0]), (2, [23.0, 11.0])):
        figures[f"sweep.0.95.{seed}"] |= {"likes": np.mean(user), DETAIL: user}
    figures["sessions"] = {"user": 3}
    found = study.summarize(figures)
    assert set(found) == {
        "bounds", "ours", "gain", "sweep", "sweep minus gamma 0", "curve", "without", "states", "paper", "switches",
        "others", "tiny", "sessions",
    }  # fmt: skip
    assert found["ours"]["planning"]["mean"] == 22
    assert found["ours"]["planning"]["share of planner"] == 22 / 25
    assert found["ours"]["planning"]["worst seed, times myopic"] == 2
    assert found["gain"] == {"mean": 12.0, "low": 12.0, "high": 12.0}
    more = found["sweep minus gamma 0"]["0.95"]
    assert more["mean"] == pytest.approx(10) and more["low"] == pytest.approx(
        10 * 2 / 3
    )  # users have 13.3 and 6.7 more
    assert more["over seeds"]["mean"] == pytest.approx(10) and more["over seeds"]["low"] < 4
    assert found["curve"]["0.95"]["mean"] == pytest.approx(100)
    assert found["curve"]["0.95"]["over seeds"]["low"] == pytest.approx(10 * more["over seeds"]["low"])
    assert found["sweep minus gamma 0"].keys() == {"0.3", "0.6", "0.8", "0.9", "0.95", "0.97", "0.99"}
    assert found["others"]["DQN"]["seeds"] == [10.0] * 3
    assert found["switches"]["no boredom, no growth"]["gain"]["mean"] == 0


def test_rows_follow_the_world_that_they_play_in() -> None:
    """A change of the users' rules must make the rows anew."""
    from drr_tutorial.lab.digests import code_digests, entry

    rests_on = code_digests([entry(study.rows()[0].compute)])
    assert any("PlanningUsers" in name for name in rests_on)
    assert any("Traces" in name for name in rests_on)


def test_the_typical_user_is_close_to_the_average_of_both_agents() -> None:
    greedy, planning = np.array([10, 20, 14, 2]), np.array([40, 21, 20, 7])  # means 11.5 and 22
    assert typical([greedy, planning]) == 2


def test_likes_are_those_of_the_first_session() -> None:
    liked = np.array([[True, True], [True, False], [True, True]])
    assert likes_of({"liked": liked, "length": np.array([2, 3])}).tolist() == [2, 2]


def test_the_sessions_of_who_knows_everything_are_recorded_as_played() -> None:
    envs = agents.users(30)
    found = recorded(Oracle(envs.sessions, myopic), envs)
    played = play_episodes(Oracle(envs.sessions, myopic), envs, 30, agents.EVALUATION_SEED)
    assert sorted(likes_of(found)) == sorted(played.likes) and sorted(found["length"]) == sorted(played.lengths)
    one = of_typical_user({"greedy": found, "planning": found})
    assert one["greedy"] == one["planning"] and sum(one["greedy"]["liked"]) == likes_of(found)[one["user"]]
