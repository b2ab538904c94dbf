"""SARDINE (Deffayet et al. 2024), somebody else's simulator, in the form that `DRRAgent` asks of an environment.

A thousand items, each of two or three of ten topics; a user likes three to five topics and clicks items close to her
taste. Five clicks on one topic within five steps bore her, and then she clicks nothing for five steps. Where
`env_omega` is below 1, each click also moves her taste. What the adapter says to an agent:

    item_vectors  (n_items, 20): the item's embedding, of length 1, and its main topic as 0 and 1: by the main topic
                  SARDINE counts boredom, and it is the largest entry of the embedding, so that nothing hidden is told
    user          (10,): the history vector of SARDINE's own observation, clicks on each topic in the latest five steps
                  as a share of those that bore; taste and boredom itself stay hidden
    shown,        the latest N items and whether each was clicked; the first is the one that SARDINE shows by itself
    responses     when a user arrives, which pays nothing

Two things to know of version 1.0.8. It reports the end after 100 steps as `terminated`, as if nothing could have come
after it; here that is `truncated`. Its simulator averages the clicked items without an axis, so that a click moves a
taste towards the same number in all topics, not towards the item: that is part of its dynamics, and is kept.
"""

from collections.abc import Sequence
from typing import Any, cast

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from scipy.special import expit

from drr_tutorial.environment.inputs import check_counts, item_indices
from drr_tutorial.worlds.sessions import MEMORY_SIZE, Sessions, observation_space
from drr_tutorial.worlds.vector_env import WorldVectorEnv

Observation = dict[str, Any]
Floats = NDArray[np.float64]
N_LIKED = (3, 5)  # topics that a user may like, from, to
MISSING = 'SARDINE is not installed; pip install "drr_tutorial[worlds]" brings it'


def make_sardine(name: str, **settings: Any) -> gym.Env[Any, Any]:
    """SARDINE's own environment, `settings` as for `gymnasium.make`. Raises `ValueError` where slates are shown,
    `ImportError` where the package is missing.
    """
    try:
        import sardine  # noqa: F401  # registers its environments
    except ModuleNotFoundError as error:
        raise ImportError(MISSING) from error
    env: Any = gym.make(name, **settings)
    if env.unwrapped.slate_size != 1:
        raise ValueError(f"{name} must show one item a step, got slates of {env.unwrapped.slate_size}")
    return cast("gym.Env[Any, Any]", env)


class SardineEnv(gym.Wrapper[Observation, np.int64, Any, Any]):
    """One user of SARDINE's own simulator; see above for what is seen, and `make_sardine` for the arguments."""

    def __init__(self, name: str, *, memory_size: int = MEMORY_SIZE, **settings: Any) -> None:
        check_counts(memory_size=memory_size)
        super().__init__(make_sardine(name, **settings))
        self.world = SardineWorld(self.env)
        self.item_vectors = self.world.item_vectors
        self.observation_space = observation_space(self.world, memory_size)
        self.action_space = spaces.Discrete(self.world.n_items)
        self._shown = np.full(memory_size, self.world.n_items, dtype=np.int64)
        self._responses = np.zeros(memory_size, dtype=np.int8)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Somebody new, who has been shown one item."""
        seen, info = self.env.reset(seed=seed, options=options)
        self._shown[:], self._responses[:] = self.world.n_items, 0
        return self._observation(seen), info

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Show one item."""
        item = item_indices(action, (), self.world.n_items)
        seen, clicks, finished, _, info = self.env.step(np.array([item]))
        return self._observation(seen), float(clicks), False, bool(finished), info

    def _observation(self, seen: Observation) -> Observation:
        for memory, latest in ((self._shown, seen["slate"]), (self._responses, seen["clicks"])):
            memory[:] = [*memory[1:], latest[0]]
        return {"user": seen["hist"].copy(), "shown": self._shown.copy(), "responses": self._responses.copy()}


class SardineWorld:
    """The items and rules of a single-item environment of SARDINE, as `Sessions` plays them."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self.rules = rules = cast(Any, env.unwrapped)
        if rules.recent_items_maxlen < rules.boredom_moving_window:
            raise ValueError(
                f"recent_items_maxlen must be at least boredom_moving_window, {rules.boredom_moving_window}, "
                f"got {rules.recent_items_maxlen}"
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
        self.bored |= self._counts() >= self.rules.boredom_thresh
        moved = self.rules.omega * self.taste + ((1 - self.rules.omega) * self.world.means[items])[:, None]
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        self.taste = np.where(liked[:, None], moved, self.taste)

    def leave_chance(self, liked: NDArray[np.bool_]) -> Floats:
        """Nobody leaves, (m,)."""
        return np.zeros(len(liked))

    def seen(self) -> NDArray[np.float32]:
        """Clicks on each topic in the latest steps, as a share of those that bore, (m, 10), from 0 to 1."""
        return np.clip(self._counts() / self.rules.boredom_thresh, 0, 1).astype(np.float32)

    def _counts(self) -> NDArray[np.int64]:
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
        while not N_LIKED[0] <= liked.sum() <= N_LIKED[1]:
            liked = rng.uniform(size=n) > 1 - 4.0 / n
        taste *= liked
        return taste / np.linalg.norm(taste)


def clicks_of(chances: Floats, rngs: Sequence[np.random.Generator]) -> NDArray[np.bool_]:
    """One draw for each chance (m,), by the generator of its place, as SARDINE draws it."""
    return np.array([rng.binomial(1, chance) for rng, chance in zip(rngs, chances, strict=True)], dtype=np.bool_)


class SardineSessions(Sessions):
    """Sessions that begin with an item shown, and draw their luck as SARDINE does."""

    def start(self, mask: NDArray[np.bool_]) -> None:
        """Somebody new at the places of the mask (m,)."""
        super().start(mask)
        first = cast(SardineUsers, self.users).first
        self.shown[mask, -1], self.responses[mask, -1] = first[mask].T

    def _luck(self, items: NDArray[np.int64]) -> tuple[NDArray[np.bool_], Floats]:
        return clicks_of(self.users.chance(items), self.rngs), np.ones(len(items))


class SardineVectorEnv(WorldVectorEnv):
    """Many users at once, with the dynamics of `SardineEnv`, bit for bit; see there."""

    sessions_class = SardineSessions

    def __init__(self, name: str, num_envs: int, *, memory_size: int = MEMORY_SIZE, **settings: Any) -> None:
        super().__init__(SardineWorld(make_sardine(name, **settings)), num_envs, memory_size=memory_size)
