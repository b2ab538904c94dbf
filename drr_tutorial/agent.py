"""DRR in any world: an agent with the verbs of Stable-Baselines3, `learn`, `predict`, `save`, `load`.

It is made of the same parts as `DRRRecommender`: one actor and critic, one update, one loop. What differs are the
settings (preset `planning`): a state of what was shown and answered, a critic that is linear in the item, an actor that
is trained through all items, returns over several steps.
"""

import copy
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from drr_tutorial import __version__
from drr_tutorial.actor_critic.devices import is_there, require_device
from drr_tutorial.actor_critic.networks import ActorCritic, State
from drr_tutorial.config import LOG_ONLY, PRESETS, AgentConfig, ExperimentConfig, TrainingConfig
from drr_tutorial.environment.inputs import check_counts
from drr_tutorial.representation.by_name import state_class
from drr_tutorial.storage import (
    as_path,
    checksums,
    last_whole,
    of_another_version,
    place_to_save,
    read_arrays,
    read_json,
    require_unaltered,
    whole_folder,
    write_arrays,
    write_json,
)
from drr_tutorial.training.checkpoints import REFUSED
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.on_world import Learned, fingerprint, parts_in_world
from drr_tutorial.training.trainer import Callback, Trainer
from drr_tutorial.worlds.item_vectors import warn_of_vectors
from drr_tutorial.worlds.simulation import Catalogue, Simulation, encoded, shown_before

ABOUT, WEIGHTS = "agent.json", "weights.safetensors"
CATALOGUE = "catalogue"  # the world's own item vectors, among the weights
FORMAT = 2


class DRRAgent:
    """A DRR agent for an environment: `DRRAgent(env, gamma=0.95).learn(400_000).predict(observation)`.

    Args:
        env: a Gymnasium environment, single or vector, that keeps the rules of `worlds.simulation`; many users at once
            learn many times as fast.
        config: an `ExperimentConfig`, of which agent, training, seed and device count, or the name of a preset.
        seed: of everything random; default: the seed of `config`.
        folder: where `learn` keeps logs and checkpoints, and goes on from what it finds.
        settings: settings of `AgentConfig` and `TrainingConfig`, by name, instead of those of `config`.

    Raises `ValueError` for settings and environments that will not do, `TypeError` for a setting that is unknown.
    """

    update: ClassVar[type[DDPG]] = DDPG

    def __init__(
        self,
        env: Any,
        *,
        config: ExperimentConfig | str = "planning",
        seed: int | None = None,
        folder: str | Path | None = None,
        **settings: Any,
    ) -> None:
        self.folder = None if folder is None else as_path(folder)
        users = Simulation(env)
        warn_of_vectors(users.catalogue.standardized(), once=users.catalogue.once)
        n = users.catalogue.memory_size
        if settings.setdefault("memory_size", n) != n:
            raise ValueError(f"memory_size must be {n}, as env observes, got {settings['memory_size']!r}; leave it out")
        config = with_settings(config, seed, settings)
        require_device(config)
        self._begin(config, users.catalogue, users)

    def _begin(self, config: ExperimentConfig, catalogue: Catalogue, users: Simulation | None) -> None:
        self.config, self.catalogue, self.users = config, catalogue, users
        self.networks = make_networks(config, catalogue)
        self.num_timesteps = 0
        self._rng = np.random.default_rng(config.seed)
        self._learned: Learned | None = None

    def learn(self, total_timesteps: int, *, callback: Callback | None = None, progress_bar: bool = False) -> Self:
        """Train for `total_timesteps` more steps, over all users at play.

        A second call goes on with what the first has learned and stored, and other users; noise and learning rates
        fall anew. A loaded agent goes on with its networks alone.

        `callback(trainer)` is called after each step of all users, and may let the agent predict or save it as it is
        then; training ends early when it returns False. With a
        `folder`, an interrupted call that is made again goes on where it was, to the same result (with new users, and
        another one, where the environment has no `state_dict`); further calls have folders of their own in it. Whatever
        stops it, an error or Ctrl-C, leaves the agent as it was.
        """
        check_counts(total_timesteps=total_timesteps)
        if callback is not None and not callable(callback):
            raise ValueError(f"callback must be a function of the trainer, got {callback!r}")
        if self.users is None:
            raise ValueError("learn needs an environment; give it to load(folder, env=env)")
        networks, folder = copy.deepcopy(self.networks), self.folder
        if folder is not None and self.num_timesteps > 0:
            folder = folder / f"from-{self.num_timesteps}"
        parts = parts_in_world(
            self.config, self.users, networks, total_steps=int(total_timesteps), steps_before=self.num_timesteps,
            learned=self._learned, update=self.update,
        )  # fmt: skip
        before = self.networks, self.num_timesteps

        def look(trainer: Trainer) -> bool | None:
            self.num_timesteps = before[1] + trainer.step
            return None if callback is None else callback(trainer)

        trainer = Trainer(**parts, callback=look, folder=folder, progress=progress_bar)
        self.networks = networks  # whoever looks at the agent in a callback sees what it has learned so far
        try:
            trainer.run()
        except BaseException:
            self.networks, self.num_timesteps = before
            raise
        self._learned, self.num_timesteps = Learned(trainer.ddpg.state_dict(), trainer.replay), before[1] + trainer.step
        return self

    @torch.no_grad()
    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[NDArray[np.int64], None]:
        """Items for an observation of one user, (), or of m, (m,); the second value is always None, as is `state`.

        Deterministic: the item nearest to the actor's vector; else one drawn with the probabilities by which the actor
        was trained, softmax(pi(s).e / temperature). Raises `ValueError` for what is no observation of this world.
        """
        scores = self.scores(observation)
        if self.catalogue.once:
            shown = np.asarray(observation["shown"])
            barred = shown_before(np.atleast_2d(shown), scores.shape[-1]).reshape(scores.shape)
            scores = np.where(barred, -np.inf, scores)
        luck = 0.0 if deterministic else self._rng.gumbel(size=scores.shape)
        return (scores / self.config.agent.temperature + luck).argmax(axis=-1), None

    @torch.no_grad()
    def scores(self, observation: Any) -> NDArray[np.float32]:
        """Dot products of the actor's vectors and all items, (m, n_items), for an observation of m users; (n_items,)
        for one of one.
        """
        vectors = self.networks.act(self._see(observation))
        return _of_one_or_many(vectors @ self.networks.item_vectors().T, observation)

    @torch.no_grad()
    def values(self, observation: Any) -> NDArray[np.float32]:
        """Q(s, e) of all items, (m, n_items), for an observation of m users; (n_items,) for one of one."""
        values = self.networks.critic.over_items(self._see(observation), self.networks.item_vectors())
        return _of_one_or_many(values * self.catalogue.largest_reward, observation)

    def _see(self, observation: Any) -> State:
        if _is_single(observation):
            observation = {name: np.asarray(value)[None] for name, value in observation.items()}
        seen, device = encoded(observation, self.catalogue), self.networks.items.weight.device
        return self.networks.see(*(torch.from_numpy(seen[name]).to(device) for name in ("user", "memory")))

    def save(self, folder: str | Path) -> None:
        """Write settings and networks into a folder, all or nothing. Raises `StorageError`, also for a folder that
        holds anything else than an agent.
        """
        known, place = self.catalogue, place_to_save(folder, (ABOUT, WEIGHTS), "an agent")
        about = {"version": __version__, "format": FORMAT, "settings": json.loads(self.config.to_json()),
                 "world": fingerprint(known), "user_dim": known.user_dim, "largest_reward": known.largest_reward,
                 "once": known.once, "num_timesteps": self.num_timesteps}  # fmt: skip
        weights = {name: value.cpu().numpy() for name, value in self.networks.state_dict().items()}
        weights[CATALOGUE] = known.item_vectors
        with whole_folder(place) as temporary:
            write_arrays(temporary / WEIGHTS, weights, {"world": about["world"]})
            write_json(temporary / ABOUT, about | {"sha256": checksums(temporary, (WEIGHTS,))})

    @classmethod
    def load(cls, folder: str | Path, env: Any = None) -> Self:
        """What `save` wrote. Without an environment it predicts, and cannot learn.

        Nothing is executed. Raises `StorageError` for a folder that is not a whole save, `ValueError` for an
        environment with other items or observations.
        """
        folder = last_whole(as_path(folder))
        about = read_json(folder / ABOUT)
        arrays, marks = read_arrays(folder / WEIGHTS)
        agent, users = cls.__new__(cls), None if env is None else Simulation(env)
        try:
            if about["format"] != FORMAT:
                raise ValueError(f"its format is {about['format']}, not {FORMAT}")
            config = ExperimentConfig.from_json(json.dumps(about["settings"]))
            n, u, largest = config.agent.memory_size, about["user_dim"], about["largest_reward"]
            known = Catalogue(arrays.pop(CATALOGUE), u, n, largest, bool(about["once"]))
            agent._begin(config, known, users)
            agent.networks.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
            agent.num_timesteps = about["num_timesteps"]
            if not isinstance(agent.num_timesteps, int) or agent.num_timesteps < 0:
                raise ValueError(f"num_timesteps must be a whole number of 0 or more, not {agent.num_timesteps!r}")
            if not about["world"] == marks["world"] == fingerprint(known):
                raise ValueError("its parts belong to different agents")
            sums = dict(about.get("sha256", {}))  # an older save has none
        except REFUSED as error:
            raise of_another_version(folder / ABOUT, about, error) from error
        require_unaltered(folder, (WEIGHTS,), sums)
        if users is not None and fingerprint(users.catalogue) != about["world"]:
            raise ValueError(
                f"env must be the world that {folder} was trained in, with the same items and observations"
            )
        agent.folder = None
        return agent


def _is_single(observation: Any) -> bool:
    return isinstance(observation, Mapping) and np.ndim(observation.get("shown", ())) == 1


def _of_one_or_many(values: torch.Tensor, observation: Any) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.cpu().numpy()
    return array[0] if _is_single(observation) else array


def with_settings(config: ExperimentConfig | str, seed: int | None, settings: Mapping[str, Any]) -> ExperimentConfig:
    """A configuration with some settings of its agent and training replaced, by name; checked."""
    if config not in PRESETS if isinstance(config, str) else not isinstance(config, ExperimentConfig):
        raise ValueError(f"config must be an ExperimentConfig or one of {sorted(PRESETS)}, got {config!r}")
    config = PRESETS[config] if isinstance(config, str) else config
    fields = {kind: {field.name for field in dataclasses.fields(kind)} for kind in (AgentConfig, TrainingConfig)}
    unknown = settings.keys() - set().union(*fields.values())
    if unknown:
        raise TypeError(f"{sorted(unknown)[0]!r} is no setting of AgentConfig or TrainingConfig")
    if idle := settings.keys() & LOG_ONLY:
        raise TypeError(f"{sorted(idle)[0]} is for logs of ratings and changes nothing in a world; leave it out")
    agent, training = ({n: v for n, v in settings.items() if n in known} for known in fields.values())
    config = dataclasses.replace(
        config,
        agent=dataclasses.replace(config.agent, **agent),
        training=dataclasses.replace(config.training, **training),
        seed=config.seed if seed is None else seed,
    )
    if config.agent.gamma >= 1:
        raise ValueError(f"AgentConfig.gamma must be from 0 to below 1 in a world, got {config.agent.gamma:g}")
    state_class(config.agent.state)
    return config


def make_networks(config: ExperimentConfig, catalogue: Catalogue) -> ActorCritic:
    """Untrained networks for a world; nobody in it has a row in the table of users."""
    nobody = np.zeros((1, catalogue.user_dim), dtype=np.float32)
    generator = torch.Generator().manual_seed(config.seed)
    device = config.device if is_there(config.device) else "cpu"  # a GPU's agent, loaded elsewhere
    return ActorCritic(config.agent, nobody, catalogue.standardized(), generator).to(device)
