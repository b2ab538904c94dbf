"""Transitions over n steps: what an action earned in n steps, and the state that it led to (chapter 5).

The target of such a transition is r_t + gamma r_{t+1} + ... + gamma^(n-1) r_{t+n-1} + gamma^n Q'(s_{t+n}): more of what
really happened, less of what Q' believes. Near the end of an episode, terminated or truncated, there are fewer steps.
Source: Sutton & Barto (2018), section 7.1; in replay: Hessel et al. (2018), Rainbow.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.training.checkpoints import check_form

Arrays = dict[str, NDArray[Any]]


class NStep:
    """Collects the steps of m environments side by side, and gives out transitions of up to n steps.

    With n = 1 each step is a transition, given out at once. A transition that is not yet whole when an episode goes on
    waits; when it ends, all that wait are given out, the oldest first.
    """

    def __init__(self, n: int, gamma: float) -> None:
        if not 1 <= n <= 255:  # the replay keeps it in a byte
            raise ValueError(f"n must be from 1 to 255, got {n}")
        self.n, self.gamma = n, gamma
        self._waiting: list[Arrays] = []  # by age, the oldest first; each (m, ...), "waits" (m,), "steps" (m,)

    def add(
        self,
        start: Arrays,
        reward: NDArray[Any],
        end: Arrays,
        terminated: NDArray[np.bool_],
        finished: NDArray[np.bool_],
    ) -> Iterator[Arrays]:
        """Take in one step; yields the transitions that are whole now, as `ReplayBuffer.add` takes them.

        `start`: what was seen and done, (m, ...) by name; `end`: what was seen then. `finished` (m,) says where an
        episode ended, `terminated` (m,) where no state follows.
        """
        reward = reward if reward.dtype.kind == "f" else reward.astype(np.float32)  # gamma^k is no whole number
        for one in self._waiting:
            one["reward"] = one["reward"] + (self.gamma ** one["steps"]).astype(reward.dtype) * reward
            one["steps"] = one["steps"] + 1
        ones = np.ones(len(reward), dtype=np.int64)
        self._waiting.append({**start, "reward": reward, "steps": ones, "waits": ones.astype(np.bool_)})
        for one in self._waiting:
            whole = one["waits"] & (finished | (one["steps"] >= self.n))
            if whole.any():
                fields = {**one, **end, "terminated": terminated}
                yield {name: array[whole] for name, array in fields.items() if name != "waits"}
            one["waits"] = one["waits"] & ~whole
        self._waiting = [one for one in self._waiting if one["waits"].any()]

    def state_dict(self) -> Arrays:
        """What waits: the arrays of each age, by "<age>.<name>"; and n and gamma, by which the rewards were summed."""
        waiting = {f"{age}.{name}": array for age, one in enumerate(self._waiting) for name, array in one.items()}
        return {"n": np.array(self.n), "gamma": np.array(float(self.gamma)), **waiting}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken. `ValueError` when n or gamma differ, or what waits is not whole."""
        if int(state["n"]) != self.n or float(state["gamma"]) != self.gamma:
            raise ValueError(f"n and gamma are {self.n} and {self.gamma}, were {state['n']} and {state['gamma']}")
        waiting: dict[str, Arrays] = {}
        for place, array in state.items():
            age, _, name = place.partition(".")
            if name:
                waiting.setdefault(age, {})[name] = array.copy()
        self._waiting = [waiting[age] for age in sorted(waiting, key=int)]
        for one in self._waiting:
            check_form(
                {**self._waiting[0], "reward": one["reward"], "steps": one["steps"], "waits": one["waits"]},
                one,
                "n_step",
            )
