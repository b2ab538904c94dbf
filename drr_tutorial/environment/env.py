"""The environment: a user of MovieLens who likes or dislikes what is shown (chapter 2).

`RecommendationEnv` is a Gymnasium `Env`, written to be read; `vector_env` has many users at once, with the very same
dynamics. An action is the *item* shown, so that a popularity list can play as well as an agent; `VectorActionWrapper`
offers the vector form of the paper.

Source: Liu et al. (2018), section 3, and the candidates of the notebook that this project grows from.
"""

from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment.inputs import (
    action_vector,
    candidate_mask,
    check_render_mode,
    check_settings,
    item_indices,
    item_vector_table,
    known_options,
)
from drr_tutorial.environment.rewards import RewardFunction
from drr_tutorial.environment.users import Candidates, UserModel, draw_candidates

Observation = dict[str, Any]


def observation_space(ratings: Ratings, memory_size: int) -> spaces.Dict:
    """Of one user: `user`, an index, and `memory` (memory_size,), where n_items pads."""
    memory = spaces.MultiDiscrete(np.full(memory_size, ratings.n_items + 1))
    return spaces.Dict({"user": spaces.Discrete(ratings.n_users), "memory": memory})


class RecommendationEnv(gym.Env[Observation, np.int64]):
    """One user, one item a step.

    ## Description
    The agent shows a user items, one after the other, each at most once. The user answers from the ratings.

    ## Action Space `Discrete(n_items)`: the index of the item to show (order of `ratings.item_ids`).
    `info["action_mask"]` marks the items that can be shown now, for `action_space.sample(mask)`; so does
    `action_masks()`, for sb3-contrib. Any other item is ignored by the user: reward 0, memory unchanged, one step
    spent.

    ## Observation Space `Dict(user=Discrete(n_users), memory=MultiDiscrete([n_items + 1] * memory_size))`: the
    user's index, and the latest `memory_size` items with a positive reward, oldest first; `n_items` is the
    padding item of a memory that is not full.

    ## Rewards `"binary"` (a like: 1, else 0), `"centred"` ((rating - 3) / 2 for stars) or any callable from
    ratings to rewards. An item without a rating pays 0. The memory moves only when the reward is positive (Liu
    et al. 2018, algorithm 1).

    ## Starting State `reset(options={"user": id})` takes that user (an original id), else one at random among
    those with a positive item. The memory is all padding, or the latest likes in `history`. The candidates are
    drawn anew (see `draw_candidates`), or given as item indices: `options={"candidates": [...]}`.

    ## Episode End
    Terminated: the user's last positive item was found, nothing more can be gained. Truncated: `max_steps` items were
    shown (default: as many as the user has positive items, as in the original notebook). After either, and before the
    first `reset`, `step` raises `ResetNeeded`.

    ## Arguments `ratings`, `history` (see `UserModel`), `candidates`, `memory_size` (at least 1), `reward`,
    `max_steps`, `render_mode` (None, or "ansi": `render()` tells as text whom, what they like and what was shown).
    Raises `DataError` when nobody has a positive item, `UnknownIdError` for an unknown user, `ValueError` for a user
    without positive items, and for arguments, options or actions that break these rules. `env.spec` holds the ratings
    themselves, so it can be pickled, but not written as JSON.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012

    def __init__(
        self,
        ratings: Ratings,
        *,
        history: Ratings | None = None,
        candidates: Candidates = "balanced",
        memory_size: int = 5,
        reward: str | RewardFunction = "binary",
        max_steps: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        check_settings(ratings, history, candidates, max_steps, memory_size=memory_size)
        check_render_mode(render_mode, ("ansi",))
        self.ratings, self.candidates, self.max_steps, self.render_mode = ratings, candidates, max_steps, render_mode
        self.users = UserModel(ratings, history, memory_size, reward)
        self.observation_space = observation_space(ratings, memory_size)
        self.action_space = spaces.Discrete(ratings.n_items)
        self.available = np.zeros(ratings.n_items, dtype=np.bool_)
        self.finished = True  # until the first reset

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; see the class for `options`."""
        super().reset(seed=seed)
        options = known_options(options, "user", "candidates")
        self.user = self._choose_user(options.get("user"))
        rewards, known = (matrix[[self.user]].toarray() for matrix in (self.users.rewards, self.users.known))
        self.reward_of = rewards[0]  # (n_items,)
        self.available = draw_candidates(rewards > 0, known | self.users.unrated, self.candidates, self.np_random)[0]
        if "candidates" in options:
            self.available = candidate_mask(options["candidates"], self.ratings.n_items)
        self.memory = self.users.memory[self.user].tolist()
        self.n_left = int(((self.reward_of > 0) & self.available).sum())
        self.steps_left = self.max_steps or int((self.reward_of > 0).sum())
        self.finished, self.answer = False, ""
        return self.observation(), self._info()

    def step(self, action: np.int64) -> tuple[Observation, SupportsFloat, bool, bool, dict[str, Any]]:
        """Show one item."""
        item, reward = int(item_indices(action, (), self.ratings.n_items)), 0.0
        if self.finished:
            raise ResetNeeded("the episode has ended or was never started; call reset() before the next step")
        if self.available[item]:
            reward = float(self.reward_of[item])
            self.available[item] = False
        if reward > 0:
            self.memory = [*self.memory[1:], item]
            self.n_left -= 1
        self.steps_left -= 1
        terminated, truncated = self.n_left == 0, self.steps_left <= 0
        self.finished = terminated or truncated
        self.answer = f"\nshown: {self.ratings.titles[item]}, reward {reward:g}"
        return self.observation(), reward, terminated, truncated, self._info()

    def render(self) -> str | None:  # type: ignore[override]
        """The user, the likes in the memory and what was shown last, as text; None without a render mode."""
        if self.render_mode is None:
            gym.logger.warn("render() shows nothing without a mode; make the environment with render_mode='ansi'")
            return None
        if not hasattr(self, "user"):
            raise ResetNeeded("there is nobody to show yet; call reset() before render()")
        likes = [str(self.ratings.titles[item]) for item in self.memory if item < self.ratings.n_items]
        return f"user {self.ratings.user_ids[self.user]} likes: {', '.join(likes) or '(nothing yet)'}{self.answer}"

    def action_masks(self) -> NDArray[np.bool_]:
        """Which items can be shown now, (n_items,): what sb3-contrib's MaskablePPO asks for."""
        return self.available.copy()

    def observation(self) -> Observation:
        """What the agent sees now."""
        return {"user": np.int64(self.user), "memory": np.array(self.memory, dtype=np.int64)}

    def _info(self) -> dict[str, Any]:
        return {"action_mask": self.available.astype(np.int8)}

    def _choose_user(self, user_id: Any) -> int:
        if user_id is None:
            return int(self.np_random.choice(np.flatnonzero(self.users.n_positive)))
        if np.ndim(user_id) != 0:
            raise ValueError(f"options['user'] must be one id, got {len(user_id)}; RecommendationVectorEnv plays many")
        user = int(self.ratings.user_index(user_id)[0])
        if self.users.n_positive[user] == 0:
            raise ValueError(f"options['user'] must have a positive item, {user_id!r} has none; choose another user")
        return user


class VectorActionWrapper(
    gym.ActionWrapper[Observation, NDArray[np.float32], np.int64], gym.utils.RecordConstructorArgs
):
    """The paper's action, a vector in [-1, 1]^d: it shows the available item with the largest dot product.

    `item_vectors` is (n_items, d), finite. With it, a DDPG of any Gymnasium-based library can be run on the
    environment, and `gymnasium.make(env.spec)` makes it again. Raises `ValueError` for another shape, for an
    environment that recommends nothing, and for an action that is not d finite numbers.
    """

    def __init__(self, env: gym.Env[Observation, np.int64], item_vectors: ArrayLike) -> None:
        if not isinstance(env.unwrapped, RecommendationEnv):
            raise ValueError(f"env must be a RecommendationEnv, in wrappers or not, got {env.unwrapped}")
        self.item_vectors = item_vector_table(item_vectors, env.unwrapped.ratings.n_items)
        gym.utils.RecordConstructorArgs.__init__(self, item_vectors=self.item_vectors)
        gym.ActionWrapper.__init__(self, env)
        self.action_space = spaces.Box(-1.0, 1.0, (self.item_vectors.shape[1],), np.float32)

    def action(self, action: NDArray[np.float32]) -> np.int64:
        """The item that the vector selects."""
        vector = action_vector(action, self.item_vectors.shape[1])
        available = self.env.get_wrapper_attr("available")
        return np.int64(np.where(available, self.item_vectors @ vector, -np.inf).argmax())
