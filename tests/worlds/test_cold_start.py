"""Sessions with people of whom nothing is known: what is paid, seen and refused, and an agent that may show an item once."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.error import ResetNeeded
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import coo_array, csc_array, csr_array, lil_array

from drr_tutorial.agent import DRRAgent
from drr_tutorial.environment.taste import fit_taste
from drr_tutorial.evaluation.episodes import play_episodes
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.worlds.cold_start import REACH, ColdStartVectorEnv, observation_after
from drr_tutorial.worlds.simulation import Simulation
from tests.own_env import Shop

N_USERS, N_ITEMS, STEPS = 40, 15, 6
SMALL: dict[str, Any] = {"batch_size": 32, "steps_per_update": 16, "actor_hidden": (16,), "critic_hidden": (16,)}


@pytest.fixture(scope="module")
def likes() -> csr_array:
    """Two kinds of people, who like the first or the last items."""
    rng = np.random.default_rng(0)
    first = rng.random((N_USERS, 1)) < 0.5
    chance = np.where(first == (np.arange(N_ITEMS) < 7), 0.8, 0.05)
    return csr_array((rng.random((N_USERS, N_ITEMS)) < chance).astype(np.float32))


def make(likes: csr_array, n: int = 4, **settings: Any) -> ColdStartVectorEnv:
    taste = fit_taste(likes, 3, np.random.default_rng(0))
    return ColdStartVectorEnv(likes, taste, n, **{"n_steps": STEPS, **settings})


def test_a_session_pays_what_its_user_likes_and_ends_in_time(likes: csr_array) -> None:
    env, dense = make(likes), likes.toarray()
    env.reset(seed=1)
    users = env.users.copy()
    for step in range(STEPS):
        items = np.array([step, step + 1, 14 - step, (2 * step) % 15])
        seen, reward, terminated, truncated, _ = env.step(items)
        assert_array_equal(reward, dense[users, items])
        assert_array_equal(seen["shown"][:, -1], items)
        assert_array_equal(seen["responses"][:, -1], reward)
        assert not terminated.any() and truncated.all() == (step == STEPS - 1)
    fresh, _ = env.reset(options={"reset_mask": np.array([True, False, True, False])})
    assert (env.users[[1, 3]] == users[[1, 3]]).all() and (env.users[[0, 2]] != users[[0, 2]]).any()
    assert (fresh["shown"][[0, 2]] == N_ITEMS).all() and (fresh["shown"][[1, 3]] < N_ITEMS).all()
    assert_allclose(fresh["user"][0], [1 / REACH, 0, 0, 0], atol=1e-7)  # of whom nothing is known


def test_what_is_seen_of_a_user_scores_items_as_taste_does(likes: csr_array) -> None:
    env = make(likes)
    env.reset(seed=2)
    for item in (3, 9, 12):
        seen, *_ = env.step(np.full(4, item))
    answers = csr_array(np.where(seen["shown"] < N_ITEMS, 2.0 * seen["responses"] - 1, 0)[:, -3:])
    placed = csr_array((answers.toarray().ravel(), np.tile([3, 9, 12], 4), [0, 3, 6, 9, 12]), shape=(4, N_ITEMS))
    expected = env.taste.scores(env.taste.given(placed).z)
    assert_allclose(REACH * seen["user"] @ env.item_vectors.T, expected, atol=1e-4)


def test_answers_from_anywhere_are_seen_as_the_world_shows_them(likes: csr_array) -> None:
    env = make(likes)
    env.reset(seed=2)
    rewards = []
    for item in (3, 9, 12):
        seen, reward, *_ = env.step(np.full(4, item))
        rewards.append(2 * reward - 1)
    answers = csr_array((np.array(rewards).T.ravel(), np.tile([3, 9, 12], 4), [0, 3, 6, 9, 12]), shape=(4, N_ITEMS))
    found = observation_after(env.taste, answers, STEPS)
    assert_array_equal(found["shown"], seen["shown"])
    assert_array_equal(found["responses"], seen["responses"])
    assert_allclose(found["user"], seen["user"], atol=1e-5)
    fresh, _ = env.reset(seed=0)
    for name, part in observation_after(env.taste, csr_array((4, N_ITEMS), dtype=np.float32), STEPS).items():
        assert_allclose(part, fresh[name], atol=1e-7)
    with pytest.raises(ValueError, match="answers must be at most n_steps = 2 a user, got 3"):
        observation_after(env.taste, answers, 2)


def test_what_hides_between_others_is_no_reason_to_warn_where_each_is_shown_once(
    likes: csr_array, recwarn: pytest.WarningsRecorder
) -> None:
    DRRAgent(make(likes, 4), seed=0, **SMALL)
    assert not [warning for warning in recwarn if "nearest" in str(warning.message)]


def test_an_item_that_was_shown_is_refused(likes: csr_array) -> None:
    env = make(likes)
    env.reset(seed=0)
    env.step(np.array([1, 2, 3, 4]))
    with pytest.raises(ValueError, match="actions must be items that were not shown in this session, got 3 again"):
        env.step(np.array([0, 0, 3, 0]))


def test_seeds_and_saved_states(likes: csr_array) -> None:
    one, other = make(likes), make(likes)
    for env in (one, other):
        env.reset(seed=5)
        env.step(np.array([1, 2, 3, 4]))
    assert_array_equal(one.users, other.users)
    again = make(likes)
    again.load_state_dict(one.state_dict())
    first, second = (env.step(np.array([5, 6, 7, 8])) for env in (one, again))
    for name in first[0]:
        assert_array_equal(first[0][name], second[0][name])
    with pytest.raises(ValueError, match="users must be of shape"):
        make(likes, 3).load_state_dict(one.state_dict())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": 0}, "num_envs must be a whole number of at least 1"),
        ({"n_steps": 0}, "n_steps must be a whole number of at least 1"),
        ({"n_steps": 16}, "n_steps must be at most the number of items, 15, got 16"),
    ],
)
def test_what_cannot_be_played_is_refused(likes: csr_array, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make(likes, **change)


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.bool_])
@pytest.mark.parametrize("kind", [csr_array, csc_array, coo_array, lil_array])
def test_likes_of_any_format_are_the_same_likes(likes: csr_array, kind: Any, dtype: Any) -> None:
    """Square ones too, of which rows and columns can be taken for each other; stored zeros are no likes."""
    square = likes[:N_ITEMS]
    rows, items = np.nonzero(np.ones(square.shape))
    given = kind(coo_array((square.toarray().ravel().astype(dtype), (rows, items)), shape=square.shape))
    before = given.copy()
    envs = make(square), ColdStartVectorEnv(given, fit_taste(square, 3, np.random.default_rng(0)), 4, n_steps=STEPS)
    for env in envs:
        env.reset(seed=3)
    for item in range(STEPS):
        expected, found = (env.step(np.full(4, item))[1] for env in envs)
        assert_array_equal(found, expected)
    assert given.nnz == before.nnz and (given != before).nnz == 0  # left as it was


ONE_ROW = pytest.mark.skipif(coo_array([1]).ndim == 2, reason="scipy before 1.13 takes a row for a matrix")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: 2 * x, "likes must be binary, 1 for a like and 0 for anything else, got 2"),
        (lambda x: x - csr_array(2 * np.eye(N_USERS, N_ITEMS)), "likes must be binary, .* got -"),
        (lambda x: np.nan * x, "likes must be binary, .* got nan"),
        (lambda x: 0 * x, "likes must hold at least one like, got none"),
        (lambda x: x.toarray(), "likes must be a sparse matrix, got ndarray; scipy.sparse.csr_array makes one"),
        (lambda x: None, "likes must be a sparse matrix, got NoneType"),
        pytest.param(
            lambda x: coo_array(x.toarray()[0]),
            r"likes must be \(n_users, 15\), as taste knows items, got \(15,\)",
            marks=ONE_ROW,
        ),
        (lambda x: x[:0], r"likes must be \(n_users, 15\), as taste knows items, got \(0, 15\)"),
    ],
)
def test_likes_that_are_not_binary_are_refused(likes: csr_array, change: Any, said: str) -> None:
    taste = fit_taste(likes, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match=said):
        ColdStartVectorEnv(change(likes), taste, 2, n_steps=3)


def test_nothing_goes_on_after_the_end_or_before_the_start(likes: csr_array) -> None:
    env = make(likes, 2, n_steps=2)
    with pytest.raises(ResetNeeded, match="2 of 2 sessions have ended or were never started"):
        env.step(np.array([0, 0]))
    env.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(ResetNeeded, match="1 of 2 sessions have ended or were never started"):
        env.step(np.array([0, 0]))
    env.reset()
    for item in (0, 1):
        env.step(np.full(2, item))
    before = env.state_dict()
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step(np.array([2, 2]))
    for name, array in env.state_dict().items():
        assert_array_equal(array, before[name])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("users", N_USERS, "users must be whole numbers from 0 to 39, got "),
        ("users", -1, "users must be whole numbers from 0 to 39, got -1 to"),
        ("users", 0.5, "users must be whole numbers from 0 to 39, got float64"),
        ("n_shown", STEPS + 1, f"n_shown must be whole numbers from 0 to {STEPS}"),
        ("shown", N_ITEMS + 1, "shown must be whole numbers from 0 to 15"),
        ("responses", 2, "responses must be whole numbers from 0 to 1"),
        ("z", np.nan, "z must be finite, got NaN or infinity"),
        ("covariance", np.inf, "covariance must be finite, got NaN or infinity"),
    ],
)
def test_a_state_that_cannot_have_been_is_refused(likes: csr_array, name: str, value: float, said: str) -> None:
    env = make(likes)
    env.reset(seed=0)
    before = env.state_dict()
    spoilt = before[name].astype(np.result_type(before[name], np.asarray(value)))
    spoilt.flat[0] = value
    with pytest.raises(ValueError, match=said):
        env.load_state_dict({**before, name: spoilt})
    for part, array in env.state_dict().items():
        assert_array_equal(array, before[part])


def test_a_stored_zero_is_no_answer(likes: csr_array) -> None:
    taste = make(likes).taste
    with_zeros = csr_array(([1.0, 0.0, -1.0, 0.0], [9, 3, 5, 2], [0, 3, 4]), shape=(2, N_ITEMS), dtype=np.float32)
    without = csr_array(([1.0, -1.0], [9, 5], [0, 2, 2]), shape=(2, N_ITEMS), dtype=np.float32)
    for name, part in observation_after(taste, with_zeros, 2).items():
        assert_array_equal(part, observation_after(taste, without, 2)[name])
    assert with_zeros.nnz == 4  # left as it was


@pytest.mark.parametrize("kind", [csc_array, coo_array])
def test_answers_in_no_order_are_refused(likes: csr_array, kind: Any) -> None:
    taste = make(likes).taste
    with pytest.raises(ValueError, match=r"answers must be a csr \(m, 15\), .*, got c\w\w \(40, 15\)"):
        observation_after(taste, kind(likes))
    with pytest.raises(ValueError, match=r"answers must be a csr \(m, 15\), .*, got csr \(40, 14\)"):
        observation_after(taste, likes[:, :14])
    with pytest.raises(ValueError, match=r"answers must be a csr \(m, 15\), .*, got ndarray"):
        observation_after(taste, likes.toarray())  # type: ignore[arg-type]


def test_likes_of_another_catalogue_are_refused(likes: csr_array) -> None:
    taste = fit_taste(likes, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"likes must be \(n_users, 15\), as taste knows items, got \(40, 14\)"):
        ColdStartVectorEnv(likes[:, :14], taste, 2, n_steps=3)


@pytest.mark.parametrize("config", ["planning", "simple"])
def test_an_agent_shows_an_item_once_and_learns_whom_it_serves(likes: csr_array, config: str, tmp_path: Any) -> None:
    """Items at random pay 2.4 of 6; the world itself refuses what was shown before."""
    agent = DRRAgent(make(likes, 16), config=config, seed=0, **SMALL).learn(4000)
    earned = play_episodes(agent, make(likes, 50), 200, seed=3).returns.mean()
    assert earned > 3.6
    agent.save(tmp_path / "agent")
    loaded = DRRAgent.load(tmp_path / "agent", env=make(likes, 50))
    assert play_episodes(loaded, make(likes, 50), 200, seed=3).returns.mean() == earned
    env = make(likes, 2)
    seen, _ = env.reset(seed=0)
    for _ in range(STEPS):  # at random too, and for one of one
        one = {name: part[0] for name, part in seen.items()}
        assert agent.predict(one)[0] not in one["shown"]
        seen, *_ = env.step(agent.predict(seen)[0])


@pytest.mark.parametrize("slate_size", [0, 5, 1000])
def test_what_was_shown_is_never_selected(likes: csr_array, slate_size: int) -> None:
    agent = DRRAgent(make(likes), seed=0, **{**SMALL, "slate_size": slate_size})
    ddpg = DDPG(agent.networks, agent.config.agent, torch.Generator().manual_seed(0), once=True)
    memory = torch.tensor([[N_ITEMS, 3, N_ITEMS + 1 + 4], [N_ITEMS, N_ITEMS, 0]])  # 3 liked, 4 not; 0 liked
    action = torch.randn(2, 4, generator=torch.Generator().manual_seed(1))
    chosen = ddpg.log_selected(action, torch.zeros(2), memory).exp()
    assert (chosen[0, [3, 4]] == 0).all() and chosen[1, 0] == 0
    assert (chosen > 0).sum() == 2 * N_ITEMS - 3
    slate = torch.tensor([[3, 4, 5, 6, 7], [0, 1, 2, 3, 4]])
    selected, _ = ddpg._select(action, slate, torch.zeros(2), memory)
    assert (selected[0, :2] < 1e-6).all() and selected[1, 0] < 1e-6 and (selected[:, 2:] > 0).all()


def test_a_world_without_the_rule_may_show_anything_again() -> None:
    assert not Simulation(Shop()).catalogue.once
    with pytest.raises(ValueError, match="items_once of env must be True or False, got 'yes'"):
        shop = Shop()
        shop.items_once = "yes"  # type: ignore[attr-defined]
        Simulation(shop)
