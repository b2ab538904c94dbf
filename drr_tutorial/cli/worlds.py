"""Training in a world and playing there, as commands."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from json import JSONDecodeError, dumps, loads
from pathlib import Path
from typing import Any

import gymnasium as gym
import tyro

from drr_tutorial.agent import DRRAgent
from drr_tutorial.cli.console import Folder
from drr_tutorial.config import LOG_ONLY, PRESETS, ExperimentConfig
from drr_tutorial.environment.inputs import check_counts
from drr_tutorial.evaluation.episodes import play_episodes
from drr_tutorial.storage import StorageError, as_path
from drr_tutorial.training.runs import AGENT, WorldSettings, read_run, taken
from drr_tutorial.worlds.make import has_vector_form, make_world_vec
from drr_tutorial.worlds.planners import bounds_of

STEPS = 2_000_000  # of a training, when nobody says how many: under a minute in the planning world
PLACES = 1000  # users at once while an agent plays
COPIES = 16  # users at once where each is a copy of the environment, unless somebody says how many
IN_WORLD = ("seed", "device", "environment.num_envs")


@dataclass(frozen=True)
class WorldOptions:
    """Of a training in a world."""

    env: str = ""
    """A world, by the id that Gymnasium knows it by, such as drr_tutorial/Planning-v0. One that has no vector form is
    copied for each user: 16 times, or as --environment.num-envs says.
    """
    env_kwargs: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Its arguments: --env-kwargs NAME=VALUE NAME=VALUE."""
    steps: int = STEPS
    """Steps of training, over all users at once."""

    def settings(self) -> WorldSettings | None:
        """The same, read; None without a world. Raises `ValueError`."""
        if not self.env:
            if self != WorldOptions():
                raise ValueError("env must be a world where env_kwargs or steps are given, got none")
            return None
        return WorldSettings(self.env, read_kwargs(self.env_kwargs), self.steps)


def train_in_world(config: ExperimentConfig, world: WorldSettings, folder: Path | None, *, progress: bool) -> str:
    """Train, save the agent, and let it play a thousand episodes: their figures and what can be done next, in words."""
    make_users(world, 1)  # what cannot be made is refused before a folder is taken
    with taken(folder, config, world) as place:
        agent = DRRAgent(make_users(world, places(world, config)), config=config, folder=place)
        agent.learn(world.steps, progress_bar=progress)
        agent.save(place / AGENT)
        found = figures(agent, world, episodes=1000, seed=config.seed + 1)
    return f"\n{told(found)}\n\nplay on: drr-tutorial play {place} --episodes 2000 --seed 7 --json"


def play(folder: Folder, /, episodes: int = 2000, seed: int = 7, json: bool = False) -> None:
    """Let a trained agent play in its world: mean return and length, share of likes, and the world's known bounds.

    Args:
        folder: Folder of a finished training in a world.
        episodes: How many whole episodes.
        seed: Of the users who are played with.
        json: Print JSON.
    """
    check_counts(episodes=episodes)
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    _, world = read_run(folder)
    if world is None:
        raise StorageError(f"{folder} holds an agent of a log, not one of a world: drr-tutorial evaluate {folder}")
    agent = DRRAgent.load(as_path(folder) / AGENT, env=make_users(world, 1))
    print(told(figures(agent, world, episodes, seed), as_json=json))


def figures(agent: DRRAgent, world: WorldSettings, episodes: int, seed: int) -> dict[str, Any]:
    """What the agent earns of fresh users, and the bounds."""
    most = PLACES if has_vector_form(world.env) else COPIES
    users = make_users(world, min(most, max(1, episodes)))
    earned = play_episodes(agent, users, episodes, seed).summary()
    return {**earned, "episodes": episodes, "seed": seed, "bounds": bounds_of(getattr(users, "world", None))}


def places(world: WorldSettings, config: ExperimentConfig) -> int:
    """Users who train at once."""
    count = config.environment.num_envs
    return count if has_vector_form(world.env) or count != PRESETS["planning"].environment.num_envs else COPIES


def refuse_idle(
    config: ExperimentConfig, preset: ExperimentConfig, world: WorldSettings | None, *, usual_baselines: bool
) -> None:
    """`ValueError` for settings, other than the preset's, that change nothing in a world, if there is one."""
    if world is None:
        return
    if not usual_baselines:
        raise ValueError("baselines must be left out beside --env: a world has bounds of its own")
    usual, idle = _flat(preset), []
    for name, value in _flat(config).items():
        part, _, last = name.rpartition(".")
        acts = name in IN_WORLD or (part in ("agent", "training") and last not in {*LOG_ONLY, "memory_size"})
        if value != usual[name] and not acts:
            idle.append(name)
    if idle:
        more = "; --env-kwargs memory_size=N says it" if idle[0] == "agent.memory_size" else ""
        raise ValueError(f"{idle[0]} must be left out beside --env: it changes nothing in a world{more}")


def _flat(config: ExperimentConfig) -> dict[str, Any]:
    """All settings by name, as options have them."""
    found: dict[str, Any] = {}
    for name, value in asdict(config).items():
        found |= {f"{name}.{inner}": one for inner, one in value.items()} if isinstance(value, dict) else {name: value}
    return found


def told(found: dict[str, Any], *, as_json: bool = False) -> str:
    """The figures as JSON or as lines."""
    if as_json:
        return dumps(found)
    lines = [f"{name:<10} {found[name]:.2f}" for name in ("return", "length", "like_rate")]
    return "\n".join([*lines, *(f"{f'({name})':<10} {value:.2f}" for name, value in found["bounds"].items())])


def read_kwargs(pairs: Sequence[str]) -> dict[str, Any]:
    """`name=value` pairs as arguments; values are JSON, or else texts. Raises `ValueError`."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"env_kwargs must be name=value, got {pair!r}")
        if name in ("name", "num_envs"):
            raise ValueError(f"env_kwargs cannot say {name}; --environment.num-envs says how many users train at once")
        try:
            found[name] = loads(value)
        except JSONDecodeError:
            found[name] = value
    return found


def make_users(world: WorldSettings, count: int) -> Any:
    """`count` users of the world at once. Raises `ValueError` for one that cannot be made."""
    try:
        return make_world_vec(world.env, count, **world.env_kwargs)
    except (gym.error.Error, TypeError, ImportError) as error:
        raise ValueError(f"env must be an environment that can be made, got {world.env!r}: {error}") from error
