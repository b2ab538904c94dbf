"""REINFORCE (Williams 1992): the policy gradient without a critic, from whole sessions."""

from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray
from torch import Tensor

from drr_tutorial.actor_critic.networks import linear_stack


class SoftmaxPolicy:
    """Items drawn with the probabilities softmax(network(state))."""

    def __init__(self, sizes: tuple[int, ...], generator: torch.Generator) -> None:
        self.network, self.generator = linear_stack(sizes, generator), generator

    @torch.no_grad()
    def predict(self, observation: NDArray[np.float32], *, deterministic: bool) -> tuple[NDArray[np.int64], None]:
        """Items (m,) for states (m, state_dim): the likeliest ones, or drawn."""
        scores = self.network(torch.from_numpy(observation))
        if not deterministic:  # the largest of scores with Gumbel's noise is a draw from their softmax
            scores -= torch.empty_like(scores).exponential_(generator=self.generator).log()
        return scores.argmax(dim=1).numpy(), None


class Batch(NamedTuple):
    """A whole session of each of m users, over T steps; (T, m) each, and `states` (T, m, state_dim)."""

    states: Tensor
    items: Tensor
    rewards: Tensor
    playing: Tensor  # whether the step belongs to the session; afterwards somebody else plays at the place


def learn(
    policy: SoftmaxPolicy, envs: VectorEnv[Any, Any, Any], *, steps: int, gamma: float, learning_rate: float
) -> int:
    """Train until the sessions learned from had so many steps; returns how many they had."""
    optimizer = torch.optim.Adam(policy.network.parameters(), lr=learning_rate)
    learned = 0
    while learned < steps:
        optimizer.param_groups[0]["lr"] = learning_rate * (1 - 0.9 * learned / steps)
        batch = sessions(policy, envs)
        optimizer.zero_grad()
        loss(policy, batch, gamma).backward()
        optimizer.step()
        learned += int(batch.playing.sum())
    return learned


def sessions(policy: SoftmaxPolicy, envs: VectorEnv[Any, Any, Any]) -> Batch:
    """A session of a new user at each place, played to its end."""
    seen, _ = envs.reset()
    playing, steps = np.ones(envs.num_envs, dtype=np.bool_), []
    while playing.any():
        items, _ = policy.predict(seen, deterministic=False)
        following, reward, terminated, truncated, _ = envs.step(items)
        steps.append((seen, items, reward, playing.copy()))
        finished = terminated | truncated
        playing &= ~finished
        seen = envs.reset(options={"reset_mask": finished})[0] if finished.any() else following
    return Batch(*(torch.from_numpy(np.stack(column)) for column in zip(*steps, strict=True)))


def loss(policy: SoftmaxPolicy, batch: Batch, gamma: float) -> Tensor:
    """Minus log-probabilities of the items times what followed them, above the mean of the same step."""
    advantage = above_mean(discounted(batch.rewards * batch.playing, gamma), batch.playing)
    logs = policy.network(batch.states[batch.playing]).log_softmax(dim=1)
    chosen = logs.gather(1, batch.items[batch.playing][:, None]).squeeze(1)
    return -(chosen * advantage[batch.playing]).mean()


def discounted(rewards: Tensor, gamma: float) -> Tensor:
    """Return from each step on: (T, m) -> (T, m)."""
    returns = rewards.clone()
    for step in range(len(returns) - 2, -1, -1):
        returns[step] += gamma * returns[step + 1]
    return returns


def above_mean(returns: Tensor, playing: Tensor) -> Tensor:
    """Returns less their mean over those who play at the same step, over the standard deviation of all; (T, m)."""
    mean = (returns * playing).sum(dim=1, keepdim=True) / playing.sum(dim=1, keepdim=True)
    above = (returns - mean) * playing
    return above / above[playing].std().clamp_min(1e-6)
