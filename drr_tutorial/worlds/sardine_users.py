"""Users of SARDINE, many side by side: the dynamics of its simulator (version 1.0.8) in whole arrays.

SARDINE plays one user at a time, which takes too long for an agent that learns from millions of steps. With the
generators of as many single environments the sessions here are the same, bit for bit: a test compares them. What seems
odd is kept, such as the taste that a click moves by the same amount in all topics (the simulator averages an item's
embedding to one number).
"""

from collections.abc import Sequence
from typing import Any, cast

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
LIKED_ON_AVERAGE, FEWEST, MOST = 4, 3, 5  # topics of a user


class SardineWorld:
    """The items and rules of a single-item environment of SARDINE, as `Sessions` plays them."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self.rules = rules = cast(Any, env.unwrapped)
        if rules.slate_size != 1:
            raise ValueError(f"SARDINE must show one item a step, got slates of {rules.slate_size}")
        if rules.recent_items_maxlen < rules.boredom_moving_window:
            raise ValueError(
                f"recent_items_maxlen must be at least boredom_moving_window, {rules.boredom_moving_window}, "
                f"got {rules.recent_items_maxlen}"
            )
        if rules.item_embedd.shape != (rules.num_items, rules.num_topics):
            raise ValueError(
                "num_items and num_topics must be those of SARDINE's file env_embedds, "
                f"{rules.item_embedd.shape}, got {(rules.num_items, rules.num_topics)}"
            )
        self.n_items, self.user_size, self.max_steps = rules.num_items, rules.num_topics, rules.H
        self.embeddings: NDArray[np.float32] = rules.item_embedd
        self.topics: NDArray[np.int64] = rules.item_comp
        self.means = self.embeddings.mean(axis=1)
        crowded = rules.diversity_threshold <= 1
        self.most = rules.alpha * rules.propensities[0] / (rules.diversity_penalty if crowded else 1)

    @property
    def item_vectors(self) -> NDArray[np.float32]:
        """Embedding and main topic, (n_items, 20)."""
        return np.hstack([self.embeddings, np.eye(self.user_size)[self.topics]]).astype(np.float32)

    def users(self, count: int) -> "SardineUsers":
        """Places for `count` users; each is empty until somebody arrives."""
        return SardineUsers(self, count)


class SardineUsers:
    """m users side by side, each as SARDINE's simulator would have her.

    `taste` (m, 10); `clicked` (m, window), the topic of what was clicked in each of the latest steps, 10 for none;
    `bored` (m, 10) and for how many more steps, `timeout` (m, 10); `first` (m, 2), the item that was shown on arrival
    and whether it was clicked.
    """

    ARRAYS: tuple[str, ...] = ("taste", "clicked", "bored", "timeout", "first")

    def __init__(self, world: SardineWorld, count: int) -> None:
        self.world, self.rules = world, world.rules
        self.taste = np.zeros((count, world.user_size))
        self.clicked = np.full((count, self.rules.boredom_moving_window), world.user_size)
        self.bored = np.zeros((count, world.user_size), dtype=np.bool_)
        self.timeout = np.full((count, world.user_size), self.rules.boredom_moving_window)
        self.first = np.zeros((count, 2), dtype=np.int64)

    def arrive(self, places: NDArray[np.int64], rngs: Sequence[np.random.Generator]) -> None:
        """Somebody new at each of the `places`, who is shown a first item, whatever that is."""
        new = SardineUsers(self.world, len(places))
        new.taste[:] = np.array([self._taste(rng) for rng in rngs]).reshape(new.taste.shape)
        items = np.array([rng.integers(self.world.n_items) for rng in rngs], dtype=np.int64)
        clicks = clicks_of(new.chance(items), rngs)
        new.see(items, clicks)
        new.first[:] = np.column_stack([items, clicks])
        for name in self.ARRAYS:
            getattr(self, name)[places] = getattr(new, name)

    def chance(self, items: NDArray[np.int64]) -> Floats:
        """P(click) of one item for each user, (m,)."""
        return self._chances((self.world.embeddings[items] * self._wants()).sum(axis=1, keepdims=True))[:, 0]

    def chances(self) -> Floats:
        """P(click) of all items, (m, n_items): full knowledge, which no agent has."""
        return self._chances(self._wants() @ self.world.embeddings.T)

    def see(self, items: NDArray[np.int64], liked: NDArray[np.bool_]) -> None:
        """What an item, and its answer (m,), does to each user: boredom passes, boredom comes, the taste moves."""
        self.clicked[:, :-1] = self.clicked[:, 1:]
        self.clicked[:, -1] = np.where(liked, self.world.topics[items], self.world.user_size)
        self.timeout -= self.bored
        self.bored &= self.timeout != 0
        self.timeout[~self.bored] = self.rules.boredom_moving_window
        self.bored |= self.counts() >= self.rules.boredom_thresh
        moved = self.rules.omega * self.taste + ((1 - self.rules.omega) * self.world.means[items])[:, None]
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        self.taste = np.where(liked[:, None], moved, self.taste)

    def leave_chance(self, liked: NDArray[np.bool_]) -> Floats:
        """Nobody leaves, (m,)."""
        return np.zeros(len(liked))

    def seen(self) -> NDArray[np.float32]:
        """Clicks on each topic in the latest steps, as a share of those that bore, (m, 10), from 0 to 1."""
        return np.clip(self.counts() / self.rules.boredom_thresh, 0, 1).astype(np.float32)

    def counts(self) -> NDArray[np.int64]:
        """Clicks on each topic in the latest steps, (m, 10)."""
        return (self.clicked[:, :, None] == np.arange(self.world.user_size)).sum(axis=1)

    def _wants(self) -> Floats:
        """The taste as it is now, (m, 10): of who is bored nothing is left or, by another rule, not what bores."""
        if self.rules.boredom_type == "user_car":
            return self.taste * ~self.bored.any(axis=1, keepdims=True)
        return self.taste * ~self.bored

    def _chances(self, scores: Floats) -> Floats:
        """From scores (m, n) to P(click)."""
        rules, scores = self.rules, scores / self.rules.max_score
        strict = rules.rel_threshold is not None
        relevance = scores > rules.rel_threshold if strict else expit((scores - rules.offset) * rules.slope)
        if rules.rel_penalty:
            relevance = relevance * 0.5 ** self.bored.sum(axis=1, keepdims=True)
        return self.world.most * relevance

    def _taste(self, rng: np.random.Generator) -> Floats:
        """Of a new user, (10,): of length 1, with entries above 0 for the topics that she likes."""
        n = self.world.user_size
        taste, liked = rng.uniform(size=n), np.zeros(n, dtype=np.bool_)
        while not FEWEST <= liked.sum() <= MOST:
            liked = rng.uniform(size=n) > 1 - float(LIKED_ON_AVERAGE) / n
        taste *= liked
        return taste / np.linalg.norm(taste)


def clicks_of(chances: Floats, rngs: Sequence[np.random.Generator]) -> NDArray[np.bool_]:
    """One draw for each chance (m,), by the generator of its place, as SARDINE draws it."""
    return np.array([rng.binomial(1, chance) for rng, chance in zip(rngs, chances, strict=True)], dtype=np.bool_)
