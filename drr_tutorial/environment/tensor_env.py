"""Many users at once on one device: the dynamics of `RecommendationVectorEnv` in tensors (chapter 2).

For a training on a GPU: who is shown what, what it pays and what remains to be shown never leave the device. On a CPU
it does the same.
"""

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from drr_tutorial.environment.sparse_rows import SparseRows
from drr_tutorial.environment.vector_env import RecommendationVectorEnv

NAMES = ("user", "memory", "available", "n_left", "steps_left")


class TensorVectorEnv:
    """The users, items, rewards and settings of `env`, whose own users at play are not touched.

    `penalty` (num_envs, n_items) is 0 where an item can be shown and minus infinity elsewhere; `user` (num_envs,) and
    `memory` (num_envs, N) are what the agent sees. Candidates are drawn by `generator`, which lives on the device.
    """

    def __init__(self, env: RecommendationVectorEnv, device: torch.device | str, generator: torch.Generator) -> None:
        self.device, self.generator = torch.device(device), generator
        self.num_envs, self.n_items = env.num_envs, env.ratings.n_items
        self.candidates, self.max_steps = env.candidates, env.max_steps
        users = env.users
        self.rewards, self.known = SparseRows(users.rewards, device), SparseRows(users.known, device)
        self.n_positive, self.first_memory, self.unrated = (
            torch.from_numpy(array).to(device) for array in (users.n_positive, users.memory, users.unrated)
        )
        self.rows = torch.arange(self.num_envs, device=device)
        self.reward_of = torch.zeros(self.num_envs, self.n_items, device=device)
        self.penalty = torch.full((self.num_envs, self.n_items), -torch.inf, device=device)
        self.user, self.n_left, self.steps_left = torch.zeros(3, self.num_envs, dtype=torch.int64, device=device)
        self.memory = torch.full((self.num_envs, self.first_memory.shape[1]), self.n_items, device=device)

    def reset(self, places: Tensor, users: Tensor) -> None:
        """Let the users (m,), by index, begin at the places (m,)."""
        rewards = self.rewards.rows(users)
        available = self._candidates(rewards > 0, self.known.rows(users) | self.unrated)
        self.user[places], self.reward_of[places], self.memory[places] = users, rewards, self.first_memory[users]
        self.penalty[places] = torch.where(available, 0.0, -torch.inf)
        positive = self.n_positive[users].long()
        self.n_left[places] = positive
        self.steps_left[places] = positive if self.max_steps is None else self.max_steps

    def step(self, items: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Show every user one item (num_envs,): rewards, terminated and truncated, (num_envs,) each."""
        pays = self.penalty[self.rows, items] == 0
        reward = torch.where(pays, self.reward_of[self.rows, items], 0.0)
        self.penalty[self.rows, items] = -torch.inf
        liked = reward > 0
        moved_on = torch.cat([self.memory[:, 1:], items[:, None]], dim=1)
        self.memory = torch.where(liked[:, None], moved_on, self.memory)
        self.n_left -= liked.long()
        self.steps_left -= 1
        return reward, self.n_left == 0, self.steps_left <= 0

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """What `RecommendationVectorEnv.state_dict` gives, so that either goes on where the other was."""
        state = {name: getattr(self, name) for name in NAMES if name != "available"}
        return {name: value.cpu().numpy() for name, value in (state | {"available": self.penalty == 0}).items()}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken; `RecommendationVectorEnv.load_state_dict` checks one from a file."""
        for name in NAMES:
            value = torch.from_numpy(state[name]).to(self.device)
            if name == "available":
                self.penalty = torch.where(value, 0.0, -torch.inf)
            else:
                setattr(self, name, value.clone())
        self.reward_of = self.rewards.rows(self.user)

    def _candidates(self, positive: Tensor, taken: Tensor) -> Tensor:
        """Which items may be shown to m users (m, n_items): see `draw_candidates`."""
        if self.candidates == "catalogue":
            return ~taken
        taken = taken | positive
        keys = torch.rand(positive.shape, generator=self.generator, device=self.device, dtype=torch.float64)
        keys = keys.masked_fill(taken, 2.0)
        n_others = torch.minimum(positive.sum(1), self.n_items - taken.sum(1))
        last = keys.sort(dim=1).values.gather(1, (n_others - 1).clamp(min=0)[:, None])
        return positive | ((keys <= last) & (n_others > 0)[:, None])
