"""Any environment by its name, with many users at once, in the form that `DRRAgent` asks for."""

from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode, VectorEnv

from drr_tutorial.environment.inputs import check_counts
from drr_tutorial.worlds.sardine import PREFIX, SardineVectorEnv
from drr_tutorial.worlds.simulation import spec_of


def make_world_vec(name: str, num_envs: int, **settings: Any) -> "VectorEnv[Any, Any, Any]":
    """`num_envs` users of an environment: `make_world_vec("sardine/SingleItem-BoredInf-v0", 256, env_omega=1.0)`.

    Its `name` is one that Gymnasium knows, `module:name` whose module registers it, or one of SARDINE's single-item
    environments; `settings` go to that environment. One that has no vector form of its own, or one that resets itself,
    is played one user after the other. Raises `ValueError` for unknown names, `ImportError` where SARDINE is asked for
    and missing.
    """
    check_counts(num_envs=num_envs)
    if not isinstance(name, str):
        raise ValueError(f"name must be the id of an environment, as a text, got {name!r}")
    if name.startswith(PREFIX):
        return SardineVectorEnv(name, num_envs, **settings)
    spec = spec_of(name)
    if has_vector_form(name):
        users = gym.make_vec(spec, num_envs=num_envs, **settings)
        if users.metadata.get("autoreset_mode") == AutoresetMode.DISABLED:
            return users
        users.close()
    one_by_one: dict[str, Any] = {"autoreset_mode": AutoresetMode.DISABLED}
    return gym.make_vec(spec, num_envs=num_envs, vectorization_mode="sync", vector_kwargs=one_by_one, **settings)


def has_vector_form(name: str) -> bool:
    """Whether many users of an environment are more than copies of one. Raises `ValueError` for unknown names."""
    return name.startswith(PREFIX) or spec_of(name).vector_entry_point is not None
