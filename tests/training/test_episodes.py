"""What whole episodes brought, against sums by hand."""

import numpy as np
import pytest

from drr_tutorial.training.episodes import Episodes


def add(episodes: Episodes, rewards: list[float], finished: list[bool]) -> None:
    episodes.add(np.array(rewards), np.array(finished))


def test_sums_of_episodes_of_different_lengths() -> None:
    episodes = Episodes(2, gamma=0.5)
    episodes.promise(np.array([3.0, 5.0]))
    add(episodes, [1, 0], [False, True])  # the second: one step, nothing liked
    episodes.promise(np.array([7.0]))  # begins at the second place only
    add(episodes, [0, 1], [False, False])
    add(episodes, [1, 1], [True, False])
    assert episodes.take() == {
        "return": (2 + 0) / 2, "discounted_return": (1.25 + 0) / 2, "length": (3 + 1) / 2, "value": (3 + 5) / 2,
        "like_rate": 2 / 4,
    }  # fmt: skip
    assert episodes.take() == {}
    add(episodes, [0, -1], [False, True])
    taken = episodes.take()
    assert taken["value"] == 7 and taken["return"] == 1 and taken["discounted_return"] == 1 + 0.5 - 0.25


def test_an_episode_begins_after_another_has_ended() -> None:
    episodes = Episodes(3, gamma=0.9)
    assert episodes.begins.all()
    add(episodes, [0, 0, 0], [False, True, False])
    assert episodes.begins.tolist() == [False, True, False]


def test_what_is_at_play_can_be_saved() -> None:
    first, second = Episodes(2, gamma=0.5), Episodes(2, gamma=0.5)
    first.promise(np.array([1.0, 2.0]))
    add(first, [1, 2], [False, False])
    state = first.state_dict()
    add(first, [9, 9], [False, False])  # the state is a copy
    second.load_state_dict(state)
    add(second, [1, 1], [True, True])
    assert second.take()["return"] == pytest.approx(2.5)
    assert second.begins.all()
