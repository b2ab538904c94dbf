"""The study of episodes: its players by what they must do, and the stages of a short training."""

import numpy as np
import pytest

from drr_tutorial.agent import DRRAgent
from drr_tutorial.lab.pages import results_folder
from drr_tutorial.lab.studies import episodes
from drr_tutorial.lab.studies.planning.agents import PLACES, users
from drr_tutorial.lab.studies.planning.sessions import recorded
from drr_tutorial.storage import read_json
from drr_tutorial.worlds.planning import PlanningWorld
from drr_tutorial.worlds.sessions import MEMORY_SIZE, Sessions

N = 12  # users who are watched here
SESSION = {"topic", "depth", "liked", "chance", "interest"}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(episodes, "WATCHED", N)
    monkeypatch.setattr(episodes, "MANY", 3000)


def sessions(count: int) -> Sessions:
    found = Sessions(PlanningWorld(), count, MEMORY_SIZE)
    found.rngs = [np.random.default_rng(user) for user in range(count)]
    found.start(np.ones(count, dtype=np.bool_))
    return found


def test_popularity_is_one_list_for_all_from_what_most_like_down() -> None:
    popular, crowd = episodes.Popularity(PlanningWorld()), sessions(2000)
    liked = crowd.users.chances().mean(axis=0)  # of other people than those that made the list
    assert np.corrcoef(liked[popular.order], np.arange(len(liked)))[0, 1] < -0.9
    first = popular(crowd)
    assert set(first) == {popular.order[0]}
    crowd.step(first)
    assert set(popular(crowd)) == {popular.order[1]}


def test_chance_shows_everybody_something_else_and_the_same_again() -> None:
    played = sessions(200)
    items = episodes.at_random(played)
    assert np.array_equal(items, episodes.at_random(played))
    assert len(set(items.tolist())) > 80 and items.min() >= 0 and items.max() < PlanningWorld().n_items
    played.step(items)
    assert (episodes.at_random(played) != items).mean() > 0.9


def test_stages_begin_untrained_and_end_with_the_training() -> None:
    steps = 4096
    found = episodes.agent_by_stages(steps)
    assert min(found) == 0 and max(found) == steps and len(found) == episodes.CHECKPOINTS + 1
    untrained = recorded(DRRAgent(users(PLACES), seed=0), users(N))
    assert np.array_equal(found[0]["item"], untrained["item"])
    trained = recorded(DRRAgent(users(PLACES), seed=0).learn(steps), users(N))
    assert np.array_equal(found[steps]["item"], trained["item"])  # looking on changes nothing


def test_the_result_has_a_session_for_each_player_and_stage() -> None:
    found = read_json(results_folder() / "episodes.json")["summary"]
    shown = found["sessions"]
    assert {*found["players"], *(str(step) for step, _ in found["curve"])} | {"user"} == set(shown)
    assert all(set(shown[name]) == SESSION for name in shown if name != "user")
    assert found["curve"][0][0] == 0 and found["curve"][0][1] < found["curve"][-1][1]
    assert (results_folder() / "episodes.json").stat().st_size < 60_000
