"""Any environment as the training loop sees it: answers and items in one number, rules that are checked at once."""

import copy
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from drr_tutorial.worlds import PLANNING_ID, TINY_ID
from drr_tutorial.worlds.simulation import Catalogue, Simulation, encoded
from tests.own_env import Shop

CATALOGUE = Catalogue(np.eye(3, dtype=np.float32), user_dim=2, memory_size=2, largest_reward=1.0)
SEEN: dict[str, Any] = {
    "user": [[0.5, 0], [1, -1]], "shown": np.array([[3, 0], [2, 2]]), "responses": np.array([[0, 1], [0, 1]]),
}  # fmt: skip


def test_a_memory_holds_likes_dislikes_and_padding() -> None:
    found = encoded(SEEN, CATALOGUE)
    assert found["memory"].tolist() == [[3, 0], [3 + 1 + 2, 2]]
    assert found["user"].tolist() == [[0.5, 0], [1, -1]] and found["user"].dtype == np.float32
    assert encoded({**SEEN, "responses": SEEN["responses"].astype(bool)}, CATALOGUE)["memory"].tolist() == [
        [3, 0],
        [6, 2],
    ]
    nobody = encoded({name: SEEN[name] for name in ("shown", "responses")}, CATALOGUE._replace(user_dim=0))
    assert nobody["user"].shape == (2, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shown": np.array([[3, 0], [2, 4]])}, "`shown` of an observation must be items from 0 to 2, or 3 for padding, got 4"),
        ({"shown": np.array([[3, 0], [2, -1]])}, "or 3 for padding, got -1"),
        ({"shown": np.array([[3, 0], [2, 1.5]])}, "or 3 for padding, got 1.5"),
        ({"shown": np.array([[3, 0], [2, np.nan]])}, "`shown` of an observation must be finite"),
        ({"shown": np.array([[3, 0, 0]] * 2)}, r"`shown` .* must be numbers \(2,\), or \(m, 2\) of m users, got shape \(2, 3\)"),
        ({"responses": np.array([[0, 1]])}, r"`responses` .* got shape \(1, 2\)"),
        ({"responses": np.array([["a", "b"]] * 2)}, r"`responses` .* must be numbers"),
        ({"user": np.zeros((2, 3))}, r"`user` .* must be numbers \(2,\), or \(m, 2\) of m users, got shape \(2, 3\)"),
        ({"user": np.full((2, 2), np.inf)}, "`user` of an observation must be finite"),
        ({"shown": 3}, r"`shown` .* got shape \(\)"),
    ],
)  # fmt: skip
def test_what_is_no_observation_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        encoded({**SEEN, **change}, CATALOGUE)


@pytest.mark.parametrize("seen", [{"shown": SEEN["shown"], "responses": SEEN["responses"]}, {}, None, np.zeros(3), 5])
def test_an_observation_without_its_parts_is_refused(seen: Any) -> None:
    with pytest.raises(ValueError, match="an observation must be a dictionary of shown, responses, user, got .*; pass"):
        encoded(seen, CATALOGUE)


class Changed(Shop):
    """The shop with other attributes."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        for name, value in changes.items():
            setattr(self, name, value)
            if value is None:
                delattr(self, name)


NAN = np.full((5, 2), np.nan)
WIDE = spaces.Dict({
    "user": spaces.Box(-1, 1, (1,)), "shown": spaces.MultiDiscrete([6] * 9), "responses": spaces.MultiBinary(9),
})  # fmt: skip
BOXES = {"shown": spaces.Box(0, 5, (4,)), "responses": spaces.Box(0, 1, (4,))}


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"item_vectors": None}, r"env must have item_vectors, \(5, k\) numbers .*; set the attribute"),
        ({"item_vectors": np.ones((4, 2))}, r"item_vectors of env must be \(5, k\), k at least 2, got \(4, 2\)"),
        ({"item_vectors": np.ones((5, 1))}, r"k at least 2, got \(5, 1\)"),
        ({"item_vectors": np.ones(5)}, r"k at least 2, got \(5,\)"),
        ({"item_vectors": NAN}, "item_vectors of env must be finite, got NaN or infinity"),
        ({"item_vectors": "text"}, r"item_vectors of env must be \(5, k\) numbers, got str"),
        ({"action_space": spaces.Box(-1, 1, (2,))}, r"action_space of env must be Discrete\(n_items\).* got Box"),
        ({"action_space": spaces.Discrete(5, start=1)}, r"action_space of env must be Discrete"),
        ({"observation_space": spaces.Box(-1, 1, (2,))}, "observation_space of env must be a Dict with `shown` and"),
        ({"observation_space": spaces.Dict({"shown": BOXES["shown"]})}, "must be a Dict with `shown` and `responses`"),
        (
            {"observation_space": spaces.Dict({**BOXES, "responses": spaces.Box(0, 1, (3,))})},
            r"`shown` and `responses` must be \(N,\), `user` \(u,\)",
        ),
        ({"observation_space": spaces.Dict({**BOXES, "user": spaces.Box(0, 1, (2, 2))})}, r"`user` \(u,\)"),
        ({"item_vectors": np.ones((5, 3))}, "item_vectors of env must differ, got the same for all items"),
        ({"observation_space": WIDE}, r"`shown` of an observation must be numbers \(9,\)"),
        ({"largest_reward": 0.0}, "largest_reward of env must be a finite number above 0, got 0.0"),
        ({"largest_reward": float("nan")}, "largest_reward .* got nan"),
        ({"largest_reward": "much"}, "largest_reward .* got 'much'"),
    ],
)
def test_an_environment_that_breaks_a_rule_is_refused_at_once(change: dict[str, Any], said: str, vector: bool) -> None:
    def make() -> Changed:
        return Changed(**change)

    env = SyncVectorEnv([make] * 2, autoreset_mode=AutoresetMode.DISABLED) if vector else make()
    with pytest.raises(ValueError, match=said):
        Simulation(env)


@pytest.mark.parametrize("env", [None, "drr_tutorial/Planning-v0", Shop, 5])
def test_what_is_no_environment_is_refused(env: Any) -> None:
    with pytest.raises(ValueError, match="env must be a Gymnasium environment, single or vector, got "):
        Simulation(env)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_an_environment_that_resets_itself_is_refused(mode: AutoresetMode) -> None:
    with pytest.raises(ValueError, match="env must let a finished user wait for a reset, got .*; make it by"):
        Simulation(SyncVectorEnv([Shop] * 2, autoreset_mode=mode))


def test_what_another_environment_wrote_into_shared_metadata_is_not_believed() -> None:
    """As in Gymnasium before 1.4, where all of a class have one dictionary."""
    env = SyncVectorEnv([Shop] * 2, autoreset_mode=AutoresetMode.DISABLED)
    env.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
    assert Simulation(env).num_envs == 2
    env = SyncVectorEnv([Shop] * 2, autoreset_mode=AutoresetMode.NEXT_STEP)
    env.metadata = {"autoreset_mode": AutoresetMode.DISABLED}
    with pytest.raises(ValueError, match="got autoreset_mode AutoresetMode.NEXT_STEP"):
        Simulation(env)


class Paid(Shop):
    """Pays what it is told to."""

    pays: Any = 1.0

    def step(self, action: Any) -> Any:
        observation, _, *rest = super().step(action)
        return observation, self.pays, *rest


@pytest.mark.parametrize("pays", [float("nan"), float("inf"), -float("inf"), 1.01, -2.0])
def test_a_reward_beyond_what_was_said_is_refused(pays: float) -> None:
    env = Paid()
    env.pays = pays
    users = Simulation(env)
    users.reset(seed=0)
    with pytest.raises(ValueError, match=r"must be finite and from -1 to 1, got .*; say what .* largest_reward"):
        users.step(np.array([0]))


def test_a_larger_reward_is_said_by_an_attribute() -> None:
    env = Paid()
    env.pays, env.largest_reward = -2.0, 2.0  # type: ignore[attr-defined]
    users = Simulation(gym.wrappers.TimeLimit(env, 100))
    users.reset(seed=0)
    assert users.catalogue.largest_reward == 2
    assert users.step(np.array([0]))[1].tolist() == [-1]  # in units of the largest


class Watched(Shop):
    """Says of its user what it is told to, from the second step on."""

    says: Any = 0.0

    def look(self) -> dict[str, Any]:
        user = np.array([self.says if len(self.past) > 1 else 0.0])
        return super().look() | {"user": user}


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("says", [1e20, -1.1])
def test_a_user_outside_of_the_box_is_refused(says: float, many: bool) -> None:
    env = Watched()
    env.says = says
    users = Simulation(SyncVectorEnv([Shop, lambda: env], autoreset_mode=AutoresetMode.DISABLED) if many else env)
    users.reset(seed=0)
    users.step(np.zeros(users.num_envs, dtype=np.int64))
    said = r"`user` of an observation must lie in its Box of observation_space, from -1 to 1 at place 0, got "
    with pytest.raises(ValueError, match=said):
        users.step(np.zeros(users.num_envs, dtype=np.int64))


def test_a_first_user_outside_of_the_box_is_refused_at_once() -> None:
    narrow = spaces.Dict({**Shop().observation_space.spaces, "user": spaces.Box(-0.5, 0.5, (1,))})  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="must lie in its Box .*, from -0.5 to 0.5 at place 0, got -?1; scale it"):
        Simulation(Changed(observation_space=narrow))


@pytest.mark.parametrize("bound", [1.0, np.inf, float(np.finfo(np.float32).max)])
def test_a_user_within_rounding_of_the_box_will_do(bound: float) -> None:
    env = Watched()
    env.says = 1 + 1e-6 if bound == 1 else 1e6
    env.observation_space.spaces["user"] = spaces.Box(-bound, bound, (1,))  # type: ignore[attr-defined]
    users = Simulation(env)
    users.reset(seed=0)
    for _ in range(2):
        seen, *_ = users.step(np.array([0]))
    assert seen["user"].tolist() == [[np.float32(env.says)]]


class Odd(VectorEnv[Any, Any, Any]):
    """Four users whose steps bring what they are told to."""

    metadata = {"autoreset_mode": AutoresetMode.DISABLED}  # noqa: RUF012
    num_envs, item_vectors = 4, np.eye(5)
    single_action_space = spaces.Discrete(5)
    single_observation_space = spaces.Dict(BOXES)

    def __init__(self, *brought: Any) -> None:
        self.brought = brought

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return {"shown": np.full((4, 4), 5), "responses": np.zeros((4, 4))}, {}

    def step(self, actions: Any) -> Any:
        return self.reset()[0], *self.brought, {}


NO, ZEROS = [0, 0, 0, 0], np.zeros(4)


@pytest.mark.parametrize(
    ("brought", "said"),
    [
        (
            (np.zeros((4, 1)), NO, NO),
            r"rewards of the environment must be numbers \(4,\), one a user, got shape \(4, 1\)",
        ),
        ((np.float32(1), NO, NO), r"rewards .* got shape \(\)"),
        ((ZEROS, np.zeros(3), NO), r"terminated .* got shape \(3,\)"),
        ((ZEROS, NO, ["a"] * 4), r"truncated .* got shape \(4,\) of <U1"),
    ],
)
def test_what_a_step_brings_has_a_number_for_each_user(brought: Any, said: str) -> None:
    users = Simulation(Odd(*brought))
    users.reset()
    with pytest.raises(ValueError, match=said):
        users.step(np.zeros(4, dtype=np.int64))


def test_ends_as_whole_numbers_and_rewards_as_lists_will_do() -> None:
    users = Simulation(Odd([1, 0, 1, 0], NO, [0, 1, 0, 0]))
    users.reset()
    _, reward, terminated, truncated, _ = users.step(np.zeros(4, dtype=np.int64))
    assert reward.tolist() == [1, 0, 1, 0] and truncated.tolist() == [False, True, False, False]
    assert terminated.dtype == truncated.dtype == np.bool_


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (2 * np.eye(5)[:, :2], "item_vectors must be the same in all environments .*, got others at 1"),
        (None, "env must have item_vectors"),
        ([["a"], ["b", "c"]], r"item_vectors of env must be \(5, k\) numbers, got list"),
    ],
)
def test_environments_of_other_items_do_not_go_together(second: Any, said: str) -> None:
    kinds = [Shop, lambda: Changed(item_vectors=second)]
    with pytest.raises(ValueError, match=said):
        Simulation(SyncVectorEnv(kinds, autoreset_mode=AutoresetMode.DISABLED))


class Keeping(Odd):
    """Can be saved, with more than arrays, and shows a text."""

    def __init__(self, *brought: Any) -> None:
        super().__init__(*brought)
        self.kept: Any = {"day": 3}

    def state_dict(self) -> Any:
        return self.kept

    def load_state_dict(self, state: Any) -> None:
        self.kept = state

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        seen, info = super().reset()
        return {**seen, "name": np.array(["somebody"] * 4)}, info


def test_a_number_is_kept_as_an_array_and_what_is_not_looked_at_is_left_out() -> None:
    users = Simulation(Keeping(ZEROS, NO, NO))
    users.reset()
    state = users.state_dict()
    assert set(state) == {"env.day", "seen.shown", "seen.responses"} and state["env.day"] == 3
    users.load_state_dict(state)


def test_a_state_that_cannot_be_kept_is_refused() -> None:
    users = Simulation(Keeping(ZEROS, NO, NO))
    users.env.kept = {"day": "Monday"}  # type: ignore[attr-defined]
    users.reset()
    with pytest.raises(ValueError, match="state_dict of the environment must hold numbers .* got <U6 in 'day'"):
        users.state_dict()


class Renamed(gym.Wrapper[Any, Any, Any, Any]):
    """Gives an environment vectors for its items."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.item_vectors = np.eye(5)


@pytest.mark.parametrize("many", [False, True])
def test_a_wrapper_may_say_the_vectors(many: bool) -> None:
    def make() -> Any:
        return Renamed(Changed(item_vectors=None))

    users = Simulation(SyncVectorEnv([make] * 3, autoreset_mode=AutoresetMode.DISABLED) if many else make())
    np.testing.assert_array_equal(users.catalogue.item_vectors, np.eye(5))
    assert users.num_envs == (3 if many else 1)


def test_users_in_processes_of_their_own() -> None:
    """Who asks such an environment for an attribute that it lacks ends its processes."""
    env = AsyncVectorEnv([Shop] * 2, autoreset_mode=AutoresetMode.DISABLED)
    try:
        users = Simulation(env)
        assert users.catalogue.largest_reward == 1
        users.reset(seed=0)
        assert users.step(np.array([0, 1]))[1].shape == (2,)
    finally:
        env.close()


class Numbers(VectorEnv[Any, Any, Any]):
    """A vector environment that answers with lists and whole numbers."""

    num_envs = 2
    metadata = {"autoreset_mode": AutoresetMode.DISABLED}  # noqa: RUF012
    item_vectors = np.eye(3)
    single_action_space = spaces.Discrete(3)
    single_observation_space = spaces.Dict({"shown": spaces.MultiDiscrete([4]), "responses": spaces.MultiBinary(1)})

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return {"shown": [[3], [3]], "responses": [[0], [0]]}, {}

    def step(self, actions: Any) -> Any:
        return {"shown": [[0], [1]], "responses": [[1], [0]]}, [1, 0], [0, 1], [0, 0], {}


def test_lists_and_whole_numbers_will_do() -> None:
    users = Simulation(Numbers())
    users.reset()
    seen, reward, terminated, truncated, _ = users.step(np.array([0, 1]))
    assert seen["memory"].tolist() == [[0], [3 + 1 + 1]] and seen["user"].shape == (2, 0)
    assert (reward.dtype, terminated.dtype, truncated.dtype) == (np.float32, np.bool_, np.bool_)
    assert terminated.tolist() == [False, True]


@pytest.mark.parametrize("name", [PLANNING_ID, TINY_ID])
def test_what_was_saved_goes_on_the_same(name: str) -> None:
    users = Simulation(gym.make_vec(name, num_envs=4))
    users.reset(seed=0)
    _walk(users, 5)
    saved, generators, seen = users.state_dict(), copy.deepcopy(users.rngs), users.observation()
    first = _walk(users, 30)
    users.reset(seed=1)
    users.load_state_dict(saved)
    for place, rng in users.rngs.items():
        rng.bit_generator.state = generators[place].bit_generator.state
    for part, array in users.observation().items():
        np.testing.assert_array_equal(array, seen[part])
    np.testing.assert_array_equal(_walk(users, 30), first)


def test_who_cannot_be_saved_is_replaced_by_others() -> None:
    users = Simulation(Shop())
    users.reset(seed=0)
    users.step(np.array([0]))
    assert users.state_dict() == {} and users.rngs == {}
    users.load_state_dict({})
    assert users.observation()["memory"].tolist() == [[5] * 4]


def _walk(users: Simulation, steps: int) -> Any:
    rng, rewards = np.random.default_rng(0), []
    choose: Callable[[], Any] = lambda: rng.integers(len(users.catalogue.item_vectors), size=users.num_envs)  # noqa: E731
    for _ in range(steps):
        _, reward, terminated, truncated, _ = users.step(choose())
        rewards.append(reward)
        if (terminated | truncated).any():
            users.reset(options={"reset_mask": terminated | truncated})
    return np.array(rewards)
