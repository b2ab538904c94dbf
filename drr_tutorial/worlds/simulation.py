"""Anybody's simulator, as the training loop sees it.

Any Gymnasium environment will do that shows one item of a fixed catalogue a step and pays a reward:

    item_vectors        an attribute: (n_items, k) finite numbers, k at least 2, columns of about the same spread; the
                        last may say how much of an item there is (how deep, how long): it goes with each of the others
    action_space        Discrete(n_items)
    observation_space   Dict with `shown` (N,), the latest items, oldest first, n_items for padding; `responses` (N,),
                        whether each was liked; and, if there is more to see of a user, `user`, a Box (u,) that it
                        never leaves
    reward              finite, at most `largest_reward` in size (an attribute; 1 if there is none)

Where an item can be shown once an episode, the attribute `items_once` is True and `shown` holds whole episodes: then
nothing that it holds is shown again.

Many users at once come as a vector environment in which a finished one waits to be reset (Gymnasium's
`AutoresetMode.DISABLED`); a single environment is made one of one user. `state_dict`, `load_state_dict` and
`sessions.rngs` are asked for only where a training is to be resumed: with them it ends as if it had never stopped,
without them it goes on with new users.

An agent sees items around their mean and rewards in units of the largest, so neither's overall size matters to its
settings. It shows the item with the largest dot product with a vector, so an item whose vector lies between those of
others, inside their hull, is never shown: `item_vectors.lifted` gives vectors that can all be reached. What looks wrong
in that, or in the spread of columns, is warned of.
"""

import importlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from numpy.typing import NDArray

ROUNDING = 1e-5  # by which `user` may leave its Box, as a share of the bound
OF_MANY = ("num_envs", "vectorization_mode", "vector_kwargs")  # say nothing about a world
Step = tuple[dict[str, Any], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]


class Catalogue(NamedTuple):
    """What an agent knows of a world before it begins."""

    item_vectors: NDArray[np.float32]  # (n_items, k)
    user_dim: int  # u; 0 where nothing is seen of a user
    memory_size: int  # N
    largest_reward: float
    once: bool = False  # nothing is shown again in an episode

    def standardized(self) -> NDArray[np.float32]:
        """The items' vectors around their mean, with lengths of 1 (root mean square): (n_items, k)."""
        around = self.item_vectors - self.item_vectors.mean(axis=0, dtype=np.float64)
        length = np.sqrt((around**2).sum(axis=1).mean())
        return (around / (length or 1.0)).astype(np.float32)


class Simulation:
    """The users of an environment at play: `observation` is `user` (num_envs, u) and `memory` (num_envs, N).

    A memory holds i for a liked item, n_items + 1 + i for one that was not, n_items for padding: answers and items in
    one number, as `ActorCritic` reads them. Raises `ValueError` that names the rule above which an environment breaks.
    """

    def __init__(self, env: gym.Env[Any, Any] | VectorEnv[Any, Any, Any]) -> None:
        self.env = as_vector_env(env)
        self.num_envs = self.env.num_envs
        self.catalogue = catalogue_of(self.env)
        _check_first(self.env, self.catalogue)
        self._seen: dict[str, Any] = {}

    @property
    def penalty(self) -> NDArray[np.float32]:
        """(num_envs, n_items), or (1, n_items) for all: minus infinity where an item cannot be shown, else 0."""
        n_items = len(self.catalogue.item_vectors)
        if not self.catalogue.once:
            return np.zeros((1, n_items), dtype=np.float32)
        return np.where(shown_before(self._seen["shown"], n_items), -np.inf, 0).astype(np.float32)

    def observation(self) -> dict[str, NDArray[Any]]:
        """What the agent sees now."""
        return encoded(self._seen, self.catalogue)

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Somebody new at the places of `options["reset_mask"]`, or everywhere."""
        self._seen, info = self.env.reset(seed=seed, options=None if options is None else dict(options))
        return self._checked(), info

    def step(self, items: NDArray[np.int64]) -> Step:
        """Show every user an item; rewards come in units of the largest."""
        self._seen, paid, terminated, truncated, info = self.env.step(items)
        reward, over, cut_off = ends_of(paid, terminated, truncated, self.num_envs)
        largest = self.catalogue.largest_reward
        wrong = ~(np.abs(reward) <= largest)  # NaN too
        if wrong.any():
            raise ValueError(
                f"rewards of the environment must be finite and from {-largest:g} to {largest:g}, got "
                f"{reward[wrong][0]}; say what a step can pay at most by its attribute largest_reward"
            )
        return self._checked(), (reward / largest).astype(np.float32), over, cut_off, info

    def _checked(self) -> dict[str, NDArray[Any]]:
        """What the agent sees now, of users who stay in their Box."""
        seen = self.observation()
        _check_user(seen["user"], self.env)
        return seen

    @property
    def rngs(self) -> dict[str, np.random.Generator]:
        """The generators of the places, by name, where the environment says them."""
        sessions = getattr(self.env.unwrapped, "sessions", None)
        return {f"place {place}": rng for place, rng in enumerate(getattr(sessions, "rngs", ()))}

    @property
    def switches(self) -> str:
        """Which world it is, as far as the environment says: its id and its arguments, or its `world`."""
        inner = self.env.unwrapped
        spec = getattr(inner, "spec", None) or next((env.spec for env in getattr(inner, "envs", ())), None)
        if spec is None:
            return repr(getattr(inner, "world", type(inner).__name__))
        arguments = {name: value for name, value in spec.kwargs.items() if name not in OF_MANY}
        return json.dumps([spec.id, arguments], default=lambda value: type(value).__name__, sort_keys=True)

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Where everybody is, and what is seen of them. Empty for an environment that cannot say so: there a resumed
        training begins with new users.
        """
        keep = getattr(self.env.unwrapped, "state_dict", None)
        if keep is None:
            return {}
        seen = {f"seen.{name}": array.copy() for name, array in _parts(self._seen, self.catalogue).items()}
        kept = {f"env.{name}": np.array(array) for name, array in keep().items()}
        for name, array in kept.items():
            if array.dtype.kind not in "biuf":
                raise ValueError(
                    f"state_dict of the environment must hold numbers and arrays of them, got {array.dtype} in "
                    f"{name.removeprefix('env.')!r}"
                )
        return seen | kept

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken."""
        if not state:
            self.reset()
            return
        parts: dict[str, dict[str, NDArray[Any]]] = {"seen": {}, "env": {}}
        for place, array in state.items():
            part, _, name = place.partition(".")
            parts[part][name] = array
        encoded(parts["seen"], self.catalogue)  # refuses what cannot have been seen
        inner: Any = self.env.unwrapped
        inner.load_state_dict(parts["env"])
        self._seen = parts["seen"]


def ends_of(
    reward: Any, terminated: Any, truncated: Any, num_envs: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """What a step of `num_envs` users brought, (num_envs,) each. Raises `ValueError` for other shapes."""
    parts = {"rewards": np.asarray(reward), "terminated": np.asarray(terminated), "truncated": np.asarray(truncated)}
    for name, array in parts.items():
        if array.shape != (num_envs,) or array.dtype.kind not in "biuf":
            raise ValueError(
                f"{name} of the environment must be numbers ({num_envs},), one a user, got shape {array.shape} of "
                f"{array.dtype}"
            )
    over, cut_off = (parts[name].astype(np.bool_) for name in ("terminated", "truncated"))
    return parts["rewards"].astype(np.float64), over, cut_off


def shown_before(shown: NDArray[Any], n_items: int) -> NDArray[np.bool_]:
    """Which items `shown` (m, N) holds, (m, n_items)."""
    there = np.zeros((len(shown), n_items + 1), dtype=np.bool_)
    there[np.arange(len(shown))[:, None], shown] = True
    return there[:, :n_items]


def encoded(seen: Any, catalogue: Catalogue) -> dict[str, NDArray[Any]]:
    """An observation of m users, (m, ...), as `user` (m, u) and `memory` (m, N). Raises `ValueError` for anything that
    is no observation of this world.
    """
    parts = _parts(seen, catalogue)
    shown, n_items = parts["shown"].astype(np.int64), len(catalogue.item_vectors)
    wrong = (shown != parts["shown"]) | (shown < 0) | (shown > n_items)
    if wrong.any():
        raise ValueError(
            f"`shown` of an observation must be items from 0 to {n_items - 1}, or {n_items} for padding, got "
            f"{parts['shown'][wrong][0]}"
        )
    disliked = (shown < n_items) & (parts["responses"] <= 0)
    user = parts.get("user", np.zeros((len(shown), 0)))
    return {"user": user.astype(np.float32), "memory": shown + (n_items + 1) * disliked}


def _parts(seen: Any, catalogue: Catalogue) -> dict[str, NDArray[Any]]:
    """The arrays of an observation, of the right names and shapes and finite."""
    lengths = {"shown": catalogue.memory_size, "responses": catalogue.memory_size, "user": catalogue.user_dim}
    names = [name for name, length in lengths.items() if length]
    if not isinstance(seen, Mapping) or not set(names) <= set(seen):
        got = sorted(seen) if isinstance(seen, Mapping) else type(seen).__name__
        raise ValueError(
            f"an observation must be a dictionary of {', '.join(names)}, got {got}; pass what reset or step returned"
        )
    parts = {name: np.asarray(seen[name]) for name in names}
    for name, array in parts.items():
        shape = (*parts["shown"].shape[:1], lengths[name])
        if array.shape != shape or array.dtype.kind not in "biuf":
            raise ValueError(
                f"`{name}` of an observation must be numbers ({lengths[name]},), or (m, {lengths[name]}) of m users, "
                f"got shape {array.shape} of {array.dtype}"
            )
        if array.dtype.kind == "f" and not (np.abs(array) <= np.finfo(np.float32).max).all():
            raise ValueError(f"`{name}` of an observation must be finite, got NaN or infinity, as 32 bits see it")
    return parts


def _check_user(user: NDArray[np.float32], env: Any) -> None:
    """`ValueError` unless `user` (m, u) lies in its Box: from far outside networks run away and nobody knows why."""
    box = dict(env.single_observation_space.items()).get("user")
    if not isinstance(box, spaces.Box):
        return
    low, high = box.low.astype(np.float64), box.high.astype(np.float64)
    outside = (user < low - ROUNDING * np.maximum(1, np.abs(low))) | (user > high + ROUNDING * np.maximum(1, abs(high)))
    if outside.any():
        place = np.argwhere(outside)[0]
        raise ValueError(
            f"`user` of an observation must lie in its Box of observation_space, from {low[place[1]]:g} to "
            f"{high[place[1]]:g} at place {place[1]}, got {user[tuple(place)]:g}; scale it to that"
        )


def _check_first(env: Any, catalogue: Catalogue) -> None:
    """`ValueError` unless the first of single environments shows what its observation_space says."""
    for first in getattr(env.unwrapped, "envs", ())[:1]:
        seen, _ = first.reset()
        many = {name: np.asarray(seen[name])[None] for name in seen} if isinstance(seen, Mapping) else seen
        _check_user(encoded(many, catalogue)["user"], env)


def spec_of(name: str) -> EnvSpec:
    """What Gymnasium knows of the environment `name`, or `module:name`, whose module registers it.

    Raises `ValueError` for a name that it does not know.
    """
    module, _, known = name.rpartition(":")
    try:
        if module:
            importlib.import_module(module)
        return gym.spec(known)
    except (gym.error.Error, ModuleNotFoundError) as error:
        raise ValueError(
            f"an environment must have a name that Gymnasium knows, or 'module:name', whose module registers it; got "
            f"{name!r}: {error}"
        ) from error


def as_vector_env(env: Any) -> "VectorEnv[Any, Any, Any]":
    """The environment, or one of one user. Raises `ValueError` for what is neither, or resets itself."""
    if isinstance(env, gym.Env):
        return SyncVectorEnv([lambda: env], autoreset_mode=AutoresetMode.DISABLED)
    if not isinstance(env, VectorEnv):
        raise ValueError(f"env must be a Gymnasium environment, single or vector, got {type(env).__name__}")
    mode = _autoreset_mode(env)
    if mode != AutoresetMode.DISABLED:
        raise ValueError(
            f"env must let a finished user wait for a reset, got autoreset_mode {mode}; make it by "
            'gymnasium.make_vec(..., vector_kwargs={"autoreset_mode": gymnasium.vector.AutoresetMode.DISABLED})'
        )
    return env


def _autoreset_mode(env: "VectorEnv[Any, Any, Any]") -> Any:
    """What becomes of a finished user. Before Gymnasium 1.4 all of a class share their metadata, where the latest that
    was made writes its mode: the environment's own, if it has one, comes first.
    """
    own = getattr(env.unwrapped, "autoreset_mode", None)
    return env.metadata.get("autoreset_mode") if own is None else own


def catalogue_of(env: "VectorEnv[Any, Any, Any]") -> Catalogue:
    """What the environment says of itself. Raises `ValueError` where that breaks the rules above."""
    action, seen = env.single_action_space, env.single_observation_space
    if not isinstance(action, spaces.Discrete) or action.start != 0:
        raise ValueError(f"action_space of env must be Discrete(n_items), the index of an item to show, got {action}")
    if not isinstance(seen, spaces.Dict) or not {"shown", "responses"} <= set(seen):
        raise ValueError(f"observation_space of env must be a Dict with `shown` and `responses`, got {seen}")
    shapes = {name: seen[name].shape or () for name in seen}
    n, u = shapes["shown"], shapes.get("user", (0,))
    if len(n) != 1 or n != shapes["responses"] or len(u) != 1:
        raise ValueError(f"`shown` and `responses` must be (N,), `user` (u,) in the observation_space, got {shapes}")
    vectors = _item_vectors(env, int(action.n))
    largest = _attribute(env, "largest_reward", 1.0)
    if not isinstance(largest, int | float | np.number) or not 0 < largest < np.inf:
        raise ValueError(f"largest_reward of env must be a finite number above 0, got {largest!r}")
    once = _attribute(env, "items_once", False)
    if not isinstance(once, bool | np.bool_):
        raise ValueError(f"items_once of env must be True or False, got {once!r}")
    return Catalogue(vectors, u[0], n[0], float(largest), bool(once))


def _item_vectors(env: Any, n_items: int) -> NDArray[np.float32]:
    found = _attribute(env, "item_vectors", None)
    if found is None:
        raise ValueError(
            f"env must have item_vectors, ({n_items}, k) numbers by which an agent knows its items; set the attribute "
            "in its __init__, or in a wrapper"
        )
    vectors = _numbers(found, n_items)
    if vectors.ndim != 2 or len(vectors) != n_items or vectors.shape[1] < 2:
        raise ValueError(f"item_vectors of env must be ({n_items}, k), k at least 2, got {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError("item_vectors of env must be finite, got NaN or infinity")
    _same_for_all(env, vectors)
    if n_items > 1 and not np.ptp(vectors, axis=0).any():
        raise ValueError("item_vectors of env must differ, got the same for all items; nobody can tell them apart")
    return vectors


def _numbers(found: Any, n_items: int) -> NDArray[np.float32]:
    try:
        return np.asarray(found, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"item_vectors of env must be ({n_items}, k) numbers, got {type(found).__name__}") from error


def _same_for_all(env: Any, vectors: NDArray[np.float32]) -> None:
    """`ValueError` unless the environments of a vector environment have the same items."""
    for place, other in enumerate(getattr(env.unwrapped, "envs", ())):
        if not np.array_equal(_numbers(other.get_wrapper_attr("item_vectors"), len(vectors)), vectors):
            raise ValueError(
                f"item_vectors must be the same in all environments of a vector environment, got others at {place}"
            )


def _attribute(env: Any, name: str, default: Any) -> Any:
    """Of a vector environment, or of the first one in it; the default unless all have it."""
    if hasattr(env, name):
        return getattr(env, name)
    if hasattr(env.unwrapped, name):
        return getattr(env.unwrapped, name)
    if not hasattr(env.unwrapped, "get_attr"):
        return default
    there = all(env.unwrapped.call("has_wrapper_attr", name))  # asked first: other processes end by what is not there
    return env.unwrapped.get_attr(name)[0] if there else default
