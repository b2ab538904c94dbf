"""Users are served in turn, each once a pass, and the queue can be saved."""

import numpy as np
import pytest

from drr_tutorial.data.ratings import DataError
from drr_tutorial.environment.in_turn import UsersInTurn
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from tests.toy import block_ratings


def make(num_envs: int = 4, seed: int = 0, min_positives: int = 1) -> UsersInTurn:
    env = RecommendationVectorEnv(block_ratings(), num_envs)
    return UsersInTurn(env, np.random.default_rng(seed), min_positives=min_positives)


def test_every_user_is_served_once_a_pass() -> None:
    turn = make()
    n = len(turn.users)
    taken = np.concatenate([turn.take(size) for size in (1, 4, n - 5, n)])
    assert sorted(taken[:n].tolist()) == sorted(taken[n:].tolist()) == turn.users.tolist()
    assert taken[:n].tolist() != taken[n:].tolist()
    assert turn.steps_of_a_pass == turn.env.users.n_positive[turn.users].sum()


def test_a_finished_environment_plays_the_next_user() -> None:
    turn = make()
    turn.reset(options={"reset_mask": np.ones(4, dtype=np.bool_)})
    expected = turn.queue[:2].copy()
    observation, _ = turn.reset(options={"reset_mask": np.array([False, True, False, True])})
    assert observation["user"][[1, 3]].tolist() == expected.tolist()
    assert (turn.penalty == 0).any(axis=1).all()


def test_it_goes_on_from_a_saved_state() -> None:
    turn, other = make(), make(seed=5)
    turn.reset(options={"reset_mask": np.ones(4, dtype=np.bool_)})
    other.load_state_dict({name: array.copy() for name, array in turn.state_dict().items()})
    items = np.argmax(turn.penalty, axis=1)
    for seen, same in zip(turn.step(items)[:4], other.step(items)[:4], strict=True):
        assert str(seen) == str(same)
    assert turn.take(3).tolist() == other.take(3).tolist()


def test_nobody_to_play_with() -> None:
    with pytest.raises(DataError, match=r"a user with 1000 positive items, the best has \d+; lower environment"):
        make(min_positives=1000)
