"""Transitions over n steps: sums of rewards by hand, ends of episodes, and what waits can be saved."""

from typing import Any

import numpy as np
import pytest

from drr_tutorial.training.n_step import NStep

GAMMA = 0.5


def play(n: int, rewards: list[list[float]], ends: list[list[str]], collector: NStep | None = None) -> list[Any]:
    """Steps of m environments: (environment, time of start, steps, reward, time of end, terminated) of each transition."""
    collector, found = collector or NStep(n, GAMMA), []
    for time, (reward, end) in enumerate(zip(rewards, ends, strict=True)):
        m = len(reward)
        start = {"env": np.arange(m), "start": np.full(m, time)}
        terminated, finished = np.array([e == "T" for e in end]), np.array([e != "" for e in end])
        after = {"end": np.full(m, time + 1)}
        for rows in collector.add(start, np.array(reward, dtype=np.float32), after, terminated, finished):
            names = ("env", "start", "steps", "reward", "end", "terminated")
            found += list(zip(*(rows[name].tolist() for name in names), strict=True))
    return found


def test_one_step_is_given_out_at_once_as_it_was() -> None:
    found = play(1, [[1, 0], [0.1, 2]], [["", "T"], ["t", ""]])
    assert found == [
        (0, 0, 1, 1.0, 1, False), (1, 0, 1, 0.0, 1, True),
        (0, 1, 1, np.float32(0.1), 2, False), (1, 1, 1, 2.0, 2, False),
    ]  # fmt: skip


def test_sums_of_discounted_rewards_that_stop_at_the_end_of_an_episode() -> None:
    found = play(3, [[1], [2], [4], [8], [16]], [[""], [""], [""], ["T"], [""]])
    assert found == [
        (0, 0, 3, 1 + 1 + 1, 3, False),
        (0, 1, 3, 2 + 2 + 2, 4, True), (0, 2, 2, 4 + 4, 4, True), (0, 3, 1, 8, 4, True),
    ]  # fmt: skip
    # the step after the end waits, alone


def test_a_truncated_episode_stops_too_but_is_not_terminated() -> None:
    assert play(3, [[1], [2]], [[""], ["t"]]) == [(0, 0, 2, 2.0, 2, False), (0, 1, 1, 2.0, 2, False)]


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_against_each_environment_played_alone(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rewards = rng.integers(5, size=(30, 4)).astype(float)
    ends = rng.choice(["", "", "", "T", "t"], size=(30, 4))
    together = sorted(play(n, rewards.tolist(), ends.tolist()))
    alone = [
        (env, *row[1:]) for env in range(4) for row in play(n, rewards[:, [env]].tolist(), ends[:, [env]].tolist())
    ]
    assert together == sorted(alone)
    for env, start, steps, reward, end, _ in together:
        assert end == start + steps
        assert reward == pytest.approx(sum(GAMMA**j * rewards[start + j, env] for j in range(steps)))
        assert not any(ends[start : end - 1, env]), "no transition goes over the end of an episode"


def test_every_step_of_a_whole_episode_begins_one_transition() -> None:
    found = play(4, [[1.0]] * 9, [[""]] * 8 + [["T"]])
    assert sorted(row[1] for row in found) == list(range(9))


def test_what_waits_can_be_saved() -> None:
    first, ends = NStep(3, GAMMA), [["", ""], ["T", ""]]
    play(3, [[1, 2], [3, 4]], ends, first)
    second = NStep(3, GAMMA)
    second.load_state_dict(first.state_dict())
    more = [[5.0, 6.0], [7.0, 8.0]]
    assert play(3, more, [["", ""], ["", "T"]], first) == play(3, more, [["", ""], ["", "T"]], second) != []


def test_n_below_one() -> None:
    with pytest.raises(ValueError, match="n must be from 1 to 255, got 0"):
        NStep(0, GAMMA)


@pytest.mark.parametrize("kind", [np.int64, np.bool_, np.uint8])
def test_rewards_of_whole_numbers_are_discounted_like_others(kind: type[Any]) -> None:
    collector, ends = NStep(3, GAMMA), np.array([False])
    for _ in range(2):
        assert list(collector.add({}, np.array([1], dtype=kind), {}, ends, ends)) == []
    (found,) = collector.add({}, np.array([1], dtype=kind), {}, ends, ends)
    assert found["reward"] == pytest.approx(1 + GAMMA + GAMMA**2)


@pytest.mark.parametrize("other", [NStep(2, GAMMA), NStep(3, 0.9)])
def test_what_was_summed_otherwise_is_refused(other: NStep) -> None:
    with pytest.raises(ValueError, match="n and gamma are"):
        other.load_state_dict(NStep(3, GAMMA).state_dict())
