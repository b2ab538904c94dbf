"""Players at work: the same user and luck for all, a popularity list from the top down, vectors that made the scores."""

import numpy as np

from drr_tutorial import DRRAgent
from drr_tutorial.lab import act
from drr_tutorial.lab.figures import act as figures
from drr_tutorial.worlds.planners import myopic
from drr_tutorial.worlds.vector_env import PlanningVectorEnv


def test_sessions_are_of_one_user_and_vectors_select_what_was_shown() -> None:
    agent = DRRAgent(PlanningVectorEnv(8), seed=0)  # it has learned nothing
    played = act.sessions_with({"untrained": agent, "popularity": act.popular, "greedy": myopic, "again": myopic})
    assert played["greedy"] == played["again"]
    for session in played.values():
        assert len(session["topic"]) == len(session["depth"]) == len(session["liked"]) <= 50
    vectors, world = played["untrained"]["vectors"], PlanningVectorEnv(1).world
    assert vectors.shape == (len(played["untrained"]["liked"]), 9)
    assert np.linalg.norm(vectors, axis=1).max() < 1.001  # an actor of unit length
    nearest = (vectors @ act.vectors_of(agent).T).argmax(axis=1)
    assert np.round(world.items.depths[nearest], 3).tolist() == played["untrained"]["depth"]
    assert "vectors" not in played["greedy"]


def test_a_popularity_list_goes_from_the_top_down() -> None:
    envs = PlanningVectorEnv(3)
    envs.reset(seed=0)
    first = act.popular(envs.sessions)
    envs.step(first)
    second = act.popular(envs.sessions)
    assert len(set(first)) == len(set(second)) == 1 and first[0] != second[0]


def test_returns_are_sums_of_what_follows() -> None:
    assert np.allclose(figures.discounted([1, 0, 1], 0.5), [1.25, 0.5, 1])
    assert np.allclose(figures.discounted([1, 0, 1], 0.0), [1, 0, 1])
    assert figures.discounted([], 0.9).shape == (0,)
