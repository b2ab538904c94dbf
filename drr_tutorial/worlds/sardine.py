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

from typing import Any, cast

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from drr_tutorial.environment.inputs import check_counts, item_indices
from drr_tutorial.worlds.sardine_users import SardineUsers, SardineWorld, clicks_of
from drr_tutorial.worlds.sessions import Sessions, observation_space
from drr_tutorial.worlds.simulation import spec_of
from drr_tutorial.worlds.vector_env import WorldVectorEnv

Observation = dict[str, Any]
MEMORY_SIZE = 50  # items and answers that an observation holds: half a session; a taste is worth remembering
PREFIX = "sardine/"
COUNTS = {
    "num_items", "slate_size", "num_topics", "episode_length", "recent_items_maxlen", "boredom_threshold",
    "boredom_moving_window", "diversity_threshold",
}  # fmt: skip
NAMES = {"boredom_type": ("user_car", "user_tloi"), "click_model": ("tdPBM", "mixPBM")}  # others do nothing, unsaid
RANGES = {  # outside of which chances to click are none, or a rule turns into its opposite
    "env_alpha": (0.0, 1.0), "click_prop": (0.0, 1.0), "env_omega": (0.0, 1.0), "env_slope": (0.0, np.inf),
    "diversity_penalty": (1.0, np.inf),
}  # fmt: skip
MISSING = 'SARDINE is not installed; pip install "drr_tutorial[worlds]" brings it'


def make_sardine(name: str, **settings: Any) -> gym.Env[Any, Any]:
    """SARDINE's own environment with some of its `settings` replaced. Raises `ValueError` for names and settings that
    it does not know, `ImportError` where the package is missing.
    """
    try:
        import sardine  # noqa: F401  # registers its environments
    except ModuleNotFoundError as error:
        raise ImportError(MISSING) from error
    unknown = settings.keys() - spec_of(name).kwargs.keys()
    if unknown:  # SARDINE itself would say nothing
        raise ValueError(f"settings of {name} must be among {sorted(spec_of(name).kwargs)}, got {sorted(unknown)[0]!r}")
    check_counts(**{setting: settings[setting] for setting in COUNTS & settings.keys()})
    plain = {setting: value.item() if isinstance(value, np.generic) else value for setting, value in settings.items()}
    for setting, value in plain.items():
        _check_setting(f"{setting} of {name}", setting, value, spec_of(name).kwargs[setting])
    return gym.make(name, **plain)


def _check_setting(what: str, setting: str, value: Any, usual: Any) -> None:
    """Raises `ValueError` for a value that is not of the kind of the usual one, or not in its range."""
    if isinstance(usual, bool | str):
        if not isinstance(value, type(usual)):
            raise ValueError(f"{what} must be a {type(usual).__name__}, such as {usual!r}, got {value!r}")
    elif not (_is_number(value) or value is usual is None):
        such = "or None" if usual is None else f"such as {usual!r}"
        raise ValueError(f"{what} must be a number, {such}, got {value!r}")
    if setting in NAMES and value not in NAMES[setting]:
        raise ValueError(f"{what} must be one of {NAMES[setting]}, got {value!r}")
    low, high = RANGES.get(setting, (-np.inf, np.inf))
    if setting in RANGES and not low <= value <= high:
        limits = f"from {low:g} to {high:g}" if high < np.inf else f"at least {low:g}"
        raise ValueError(f"{what} must be {limits}, got {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


class SardineWrapper(gym.Wrapper[Observation, np.int64, Any, Any], gym.utils.RecordConstructorArgs):
    """One user of SARDINE's own simulator: `SardineWrapper(make_sardine("sardine/SingleItem-Static-v0"))`.

    What is seen and paid stands above. Raises `ValueError` for an environment that shows slates.
    """

    def __init__(self, env: gym.Env[Any, Any], *, memory_size: int = MEMORY_SIZE) -> None:
        check_counts(memory_size=memory_size)
        gym.utils.RecordConstructorArgs.__init__(self, memory_size=memory_size)
        super().__init__(env)
        self.world = SardineWorld(env)
        self.item_vectors = self.world.item_vectors
        self.observation_space = observation_space(self.world.user_size, self.world.n_items, memory_size)
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
        seen, clicks, finished, _, info = self.env.step(cast(Any, np.array([item])))
        return self._observation(seen), float(clicks), False, bool(finished), info

    def _observation(self, seen: Observation) -> Observation:
        for memory, latest in ((self._shown, seen["slate"]), (self._responses, seen["clicks"])):
            memory[:] = [*memory[1:], latest[0]]
        return {"user": seen["hist"].copy(), "shown": self._shown.copy(), "responses": self._responses.copy()}


class SardineSessions(Sessions):
    """Sessions that begin with an item shown, and draw their luck as SARDINE does."""

    def start(self, mask: NDArray[np.bool_]) -> None:
        """Somebody new at the places of the mask (m,)."""
        super().start(mask)
        first = cast(SardineUsers, self.users).first
        self.shown[mask, -1], self.responses[mask, -1] = first[mask].T

    def _luck(self, items: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        return clicks_of(self.users.chance(items), self.rngs), np.ones(len(items))


class SardineVectorEnv(WorldVectorEnv):
    """Many users at once, with the dynamics of `SardineWrapper`, bit for bit; see there."""

    sessions_class = SardineSessions

    def __init__(self, name: str, num_envs: int, *, memory_size: int = MEMORY_SIZE, **settings: Any) -> None:
        super().__init__(SardineWorld(make_sardine(name, **settings)), num_envs, memory_size=memory_size)
