"""Whom to serve next: every eligible user of a log once a pass, in an order drawn anew for each pass (chapter 5)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.data.ratings import DataError
from drr_tutorial.environment.env import Observation
from drr_tutorial.environment.vector_env import RecommendationVectorEnv

Step = tuple[Observation, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]


class UsersInTurn:
    """`env`, in which an environment that is reset plays the next user of the queue.

    Eligible is who has at least `min_positives` positives; `DataError` when nobody has.
    """

    def __init__(self, env: RecommendationVectorEnv, rng: np.random.Generator, *, min_positives: int = 1) -> None:
        self.env, self.rng, self.num_envs = env, rng, env.num_envs
        self.users = np.flatnonzero(env.users.n_positive >= min_positives)
        if len(self.users) == 0:
            raise DataError(
                f"ratings must hold a user with {min_positives} positive items, the best has "
                f"{env.users.n_positive.max()}; lower environment.min_positives"
            )
        self.queue = rng.permutation(self.users)

    @property
    def steps_of_a_pass(self) -> int:
        """The positives of all who are played with: the steps in which everybody could be served once."""
        return int(self.env.users.n_positive[self.users].sum())

    @property
    def penalty(self) -> NDArray[np.float32]:
        """(num_envs, n_items): 0 where an item can be shown, minus infinity elsewhere."""
        return self.env.penalty

    def observation(self) -> Observation:
        """What the agent sees now."""
        return self.env.observation()

    def reset(self, *, options: Mapping[str, Any]) -> tuple[Observation, dict[str, Any]]:
        """The next users for the environments of `options["reset_mask"]` (num_envs,)."""
        mask = options["reset_mask"]
        users = self.env.ratings.user_ids[self.take(int(mask.sum()))]
        return self.env.reset(options={"reset_mask": mask, "users": users})

    def step(self, items: NDArray[np.int64]) -> Step:
        """Show every user one item."""
        return self.env.step(items)

    def take(self, count: int) -> NDArray[np.int64]:
        """The next `count` users' indices."""
        while len(self.queue) < count:
            self.queue = np.concatenate([self.queue, self.rng.permutation(self.users)])
        taken, self.queue = self.queue[:count], self.queue[count:]
        return taken

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Who plays, how far, and who comes next; but for the generators."""
        return {"queue": self.queue, **self.env.state_dict()}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken."""
        if not np.isin(state["queue"], self.users).all():
            raise ValueError("queue must hold users who can be played with")
        self.env.load_state_dict(state)
        self.queue = state["queue"]
