"""The training loop: act, step, store, sample, update; with logs, validation and checkpoints (chapter 5).

Source: Liu et al. (2018), algorithm 1, for many users at once. The loop makes none of its parts: environment, networks,
replay, exploration and validation are handed to it, so a log of ratings and any other world train through the same
lines. On one machine, with one set of kernels, threads and library versions, one seed gives one result, and a run that
was stopped at any moment and resumed from its last checkpoint ends with the same weights, bit for bit: a checkpoint
holds the networks, their targets and optimizers, the replay buffer, the users at play, the noise and every random
generator. Kernels of another processor differ in the last digits; training makes such differences grow.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from drr_tutorial.actor_critic.networks import ActorCritic, State
from drr_tutorial.config import TrainingConfig
from drr_tutorial.storage import StorageError
from drr_tutorial.training.checkpoints import REFUSED, check_form, read_checkpoint, write_checkpoint, write_weights
from drr_tutorial.training.ddpg import DDPG, UpdateResult
from drr_tutorial.training.divergence import Watch
from drr_tutorial.training.episodes import Episodes
from drr_tutorial.training.exploration import Exploration
from drr_tutorial.training.logs import TrainingLog
from drr_tutorial.training.n_step import NStep
from drr_tutorial.training.replay import ReplayBuffer
from drr_tutorial.training.selection import select_among

Validate = Callable[[ActorCritic], dict[str, float]]
Callback = Callable[["Trainer"], bool | None]
CHECKPOINT = "checkpoint.pt"
ALL_SCORED = 1 << 21  # users at play times items, up to which all are scored, as a product of matrices is quick
FEW = 1 / 8  # above: the share that can be shown, below which only that is scored


class Environment(Protocol):
    """What the loop asks of `num_envs` users at play; a finished one waits until it is reset."""

    num_envs: int

    @property
    def penalty(self) -> NDArray[np.float32]:
        """(num_envs, n_items), or (1, n_items): 0 where an item can be shown, minus infinity elsewhere."""

    def observation(self) -> dict[str, Any]:
        """What the agent sees now, as `ActorCritic.see` takes it: `user` (num_envs,) or (num_envs, u), and `memory`
        (num_envs, N).
        """

    def reset(self, *, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start the environments of `options["reset_mask"]` (num_envs,) anew."""

    def step(
        self, items: NDArray[np.int64], /
    ) -> tuple[dict[str, Any], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Show every user an item: what is seen then, rewards, terminated, truncated (num_envs,), information."""

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Everything that `load_state_dict` needs to go on, but the generators."""

    def load_state_dict(self, state: Mapping[str, NDArray[Any]], /) -> None:
        """Go on where `state_dict` was taken."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread, then as before: for networks this small more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Trainer:
    """Trains the networks of `ddpg` in `env`, in place; `run()` ends with the best validated weights in them.

    Args:
        ddpg: networks, their targets, and the update.
        env: the users at play.
        replay: where transitions are kept.
        exploration: noise on the actor's vectors.
        settings: how often what is done.
        total_steps: steps of training, over all users at play.
        rngs: generators of the parts by name, "replay" and "exploration" among them; saved in checkpoints.
        n_step: makes transitions of steps; default: of one step each.
        reward_unit: what the environment calls a reward of 1; the log is in the world's own units.
        callback: is called with the trainer after each step of all environments; training ends early when it returns
            False.
        validate: turns the networks into figures; the larger their sum, the better.
        folder: where logs and checkpoints are kept; None: nowhere.
        about: what a checkpoint belongs to, JSON-able by name; one that belongs to something else is refused.
        progress: show a bar.

    `ValueError` for parts that do not fit together. `DivergenceError` within a validation after the networks ran away;
    the last checkpoint stays.
    """

    def __init__(
        self,
        ddpg: DDPG,
        env: Environment,
        replay: ReplayBuffer,
        exploration: Exploration,
        settings: TrainingConfig,
        *,
        total_steps: int,
        rngs: Mapping[str, np.random.Generator],
        n_step: NStep | None = None,
        reward_unit: float = 1.0,
        callback: Callback | None = None,
        validate: Validate | None = None,
        folder: Path | None = None,
        about: Mapping[str, Any] | None = None,
        progress: bool = True,
    ) -> None:
        self.ddpg, self.networks, self.env, self.replay, self.noise = ddpg, ddpg.online, env, replay, exploration
        self.settings, self.total_steps, self.rngs = settings, total_steps, dict(rngs)
        self.n_step = NStep(1, ddpg.config.gamma) if n_step is None else n_step
        self.reward_unit, self.callback, self.validate, self.folder = reward_unit, callback, validate, folder
        self.about, self.progress = dict(about or {}), progress
        self.episodes = Episodes(env.num_envs, ddpg.config.gamma)
        self.watch = Watch(ddpg)
        self.observation: dict[str, Any] = {}
        self.step = 0
        self.history: list[dict[str, float]] = []
        self.best: dict[str, torch.Tensor] = {}

    def run(self) -> list[dict[str, float]]:
        """Train to the end, from the last checkpoint when the folder holds one; returns the validation history."""
        self._start()
        with one_thread(), TrainingLog(self.folder, self.step, self.reward_unit) as log, self._progress_bar() as bar:
            if self.step == 0:
                self._evaluate(log)  # the untrained agent
            for reward, result in self._steps():
                due = self._due(max(1, self.total_steps // self.settings.log_every))
                log.record(self.step, reward, result, self.episodes, due=due)
                bar.update(min(self.step, self.total_steps) - bar.n)
                if self._due(self.settings.evaluations) or self._due(self.settings.checkpoints):
                    self.watch.check(self.step, self.networks)
                if self._due(self.settings.evaluations):
                    bar.set_postfix({name: f"{value:.3f}" for name, value in self._evaluate(log).items()})
                if self._due(self.settings.checkpoints):
                    self.save()
                if self._is_to_stop():
                    break
        self._save_weights("final")
        if self.best:
            self.networks.load_state_dict(self.best)
        return self.history

    def _is_to_stop(self) -> bool:
        """Ask the callback: False, NumPy's too, ends the training; nothing goes on."""
        answer = None if self.callback is None else self.callback(self)
        return isinstance(answer, bool | np.bool_) and not answer

    def save(self) -> None:
        """Write the checkpoint, all or nothing."""
        if self.folder is not None:
            write_checkpoint(self.folder / CHECKPOINT, self.state_dict(), self.about)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on."""
        return {
            "step": self.step,
            "ddpg": self.ddpg.state_dict(),
            "env": self.env.state_dict(),
            "replay": self.replay.state_dict(),
            "noise": self.noise.state_dict(),
            "n_step": self.n_step.state_dict(),
            "episodes": self.episodes.state_dict(),
            "random": {name: rng.bit_generator.state for name, rng in self.rngs.items()},
            "history": self.history,
            "best": self.best,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken, in a trainer made of the same parts."""
        self._check_state(state)
        self.ddpg.load_state_dict(state["ddpg"])
        going_on = ("noise", "n_step", "episodes") if state["env"] else ()  # else others begin where those were
        for name in ("env", "replay", *going_on):
            getattr(self, name).load_state_dict({key: value.numpy() for key, value in state[name].items()})
        for name, rng in self.rngs.items():
            rng.bit_generator.state = state["random"][name]
        self.step, self.history, self.best = state["step"], state["history"], state["best"]

    def _check_parts(self) -> None:
        """Parts that do not fit together would train on nothing, or on something else."""
        if missing := {"replay", "exploration"} - self.rngs.keys():
            raise ValueError(f"rngs must hold generators by the names of their parts, got none for {sorted(missing)}")
        if self.total_steps < 1:
            raise ValueError(f"total_steps must be at least 1, got {self.total_steps}")
        if self.replay.capacity < self.settings.batch_size:
            raise ValueError(
                f"replay must hold a batch of {self.settings.batch_size}, its capacity is {self.replay.capacity}; "
                "no update would ever be due"
            )
        if self.n_step.gamma != self.ddpg.config.gamma:
            raise ValueError(
                f"n_step has gamma {self.n_step.gamma}, ddpg {self.ddpg.config.gamma}; they must be the same"
            )

    def _check_state(self, state: Mapping[str, Any]) -> None:
        """`ValueError` unless this trainer could have saved it: a file may hold anything. Parts check their own."""
        mine = self.state_dict()
        for name in ("step", "history"):
            check_form(mine[name], state[name], name)
        check_form(self.networks.state_dict() if state["history"] else {}, state["best"], "best")
        np.array([list(entry.values()) for entry in state["history"]], dtype=np.float64)

    def _save_weights(self, name: str) -> None:
        if self.folder is not None:
            write_weights(self.networks, self.folder / f"{name}.safetensors", {"step": self.step})

    @torch.no_grad()
    def act(self) -> NDArray[np.float32]:
        """The actor's vectors for the users at play, with exploration: (num_envs, k)."""
        if self.step < self.settings.random_share * self.total_steps:
            shape = (self.env.num_envs, self.networks.items.embedding_dim)
            return self.rngs["exploration"].uniform(-1, 1, shape).astype(np.float32)
        vector = self.networks.act(self._see())
        self.watch.see_actions(self.step, vector)
        action = vector.cpu().numpy()
        return self.noise.explore(action, step=self.step, rng=self.rngs["exploration"])

    def _see(self, places: Any = slice(None)) -> State:
        """The states of the users at some places, or at all."""
        device = self.networks.items.weight.device
        parts = (torch.from_numpy(self.observation[name][places]).to(device) for name in ("user", "memory"))
        return self.networks.see(*parts)

    @torch.no_grad()
    def _promised(self, action: NDArray[np.float32], item: NDArray[np.int64]) -> NDArray[np.float32]:
        """Q of what the episodes that begin now show first, (b,)."""
        begins, items = self.episodes.begins, self.networks.items.weight
        judged = torch.from_numpy(action[begins]).to(items.device)
        if self.ddpg.config.critic_sees == "item":
            judged = items[torch.from_numpy(item[begins]).to(items.device)]
        promised: NDArray[np.float32] = self.networks.value(self._see(begins), judged).cpu().numpy()
        return promised

    @torch.no_grad()
    def select(self, action: NDArray[np.float32]) -> NDArray[np.int64]:
        """The available item with the largest dot product, for each user: (num_envs,)."""
        items = self.networks.item_vectors()
        if self.env.penalty.size > ALL_SCORED:
            places = np.flatnonzero(self.env.penalty == 0)
            if len(places) < FEW * self.env.penalty.size:
                return select_among(places, action, items.cpu().numpy())
        penalty, vectors = (torch.from_numpy(array).to(items.device) for array in (self.env.penalty, action))
        scores = torch.addmm(penalty, vectors, items.T)  # (num_envs, n_items)
        return scores.cpu().numpy().argmax(axis=1)  # several times as fast as torch's on a CPU

    def _steps(self) -> Iterator[tuple[float, UpdateResult | None]]:
        """One step of all environments, and the updates that are due: mean reward, and what the last update saw."""
        while self.step < self.total_steps:
            reward = self._interact()
            result = None
            every = self.settings.steps_per_update
            if len(self.replay) >= self.settings.batch_size:
                for _ in range(self.step // every - (self.step - self.env.num_envs) // every):
                    result = self._learn()
            yield reward, result

    def _interact(self) -> float:
        action = self.act()
        item = self.select(action)
        before = {name: self.observation[name].copy() for name in ("user", "memory")}  # a world may reuse its arrays
        if self.folder is not None and self.episodes.begins.any():
            self.episodes.promise(self._promised(action, item))
        self.observation, reward, terminated, truncated, _ = self.env.step(item)
        start = {**before, "action": action, "item": item}
        end, finished = {"next_memory": self.observation["memory"]}, terminated | truncated
        if before["user"].ndim == 2:  # what is seen of a user may change; an index does not
            end["next_user"] = self.observation["user"]
        self.episodes.add(reward, finished)
        for transitions in self.n_step.add(start, reward, end, terminated, finished):
            self.replay.add(**transitions)
        if finished.any():
            self._reset(finished)
        self.step += self.env.num_envs
        return float(reward.mean())

    def _learn(self) -> UpdateResult:
        device = self.networks.items.weight.device
        batch = self.replay.sample(self.settings.batch_size, self.rngs["replay"], device=device)
        alone = self.settings.critic_first * self.total_steps
        if self.settings.final_rate < 1:
            self.ddpg.anneal(1 - (1 - self.settings.final_rate) * min(1, self.step / self.total_steps))
        result = self.ddpg.update(batch, move_actor=self.step >= alone)
        self.watch.see(self.step, result)
        self.replay.update_priorities(batch.index.cpu().numpy(), result.td_error.cpu().numpy())
        return result

    def _reset(self, mask: NDArray[np.bool_]) -> None:
        self.observation, _ = self.env.reset(options={"reset_mask": mask})
        self.noise.reset(mask)

    def _start(self) -> None:
        """Take up the checkpoint, or begin with new users and the figures of the untrained agent."""
        self._check_parts()
        path = None if self.folder is None else self.folder / CHECKPOINT
        if path is not None and path.exists():
            state = read_checkpoint(path, self.about)
            try:
                self.load_state_dict(state)
            except REFUSED as error:
                raise StorageError(f"{path} is not a whole checkpoint ({error}); delete it to start anew") from error
            self.observation = self.env.observation()
        else:
            self._reset(np.ones(self.env.num_envs, dtype=np.bool_))

    def _evaluate(self, log: TrainingLog) -> dict[str, float]:
        if self.validate is None:
            return {}
        figures = {name: float(value) for name, value in self.validate(self.networks).items()}
        if not np.isfinite(list(figures.values())).all():
            raise ValueError(f"validate must return finite figures, got {figures}; the best would be nobody's")
        if not self.history or sum(figures.values()) > max(map(_sum, self.history)):
            self.best = {name: value.clone() for name, value in self.networks.state_dict().items()}
            self._save_weights("best")
        self.history.append({"step": self.step, **figures})
        log.validation(self.step, figures)
        return figures

    def _due(self, times: int) -> bool:
        """True when this step is the first at or after one of `times` evenly spaced marks, the last at the end."""
        now, before = (
            min(step, self.total_steps) * times // self.total_steps
            for step in (self.step, self.step - self.env.num_envs)
        )
        return now > before

    def _progress_bar(self) -> "tqdm[Any]":
        return tqdm(total=self.total_steps, initial=self.step, desc="training", unit="step", disable=not self.progress)


def _sum(entry: Mapping[str, float]) -> float:
    """How good a validation was."""
    return sum(value for name, value in entry.items() if name != "step")
