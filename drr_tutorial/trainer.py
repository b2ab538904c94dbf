"""The training loop: act, step, store, sample, update; with logs, validation and checkpoints (chapter 5).

Source: Liu et al. (2018), algorithm 1, for many users at once. On one machine, with one set of kernels, threads and
library versions, one seed gives one result, and a run that was stopped at any moment and resumed from its last
checkpoint ends with the same weights, bit for bit: a checkpoint holds the networks, their targets and optimizers, the
replay buffer, the users at play, the noise and every random generator. Kernels of another processor differ in the last
digits; training makes such differences grow.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from drr_tutorial.actor_critic import ActorCritic
from drr_tutorial.checkpoints import read_checkpoint, write_checkpoint, write_weights
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.ddpg import DDPG, UpdateResult
from drr_tutorial.divergence import Watch
from drr_tutorial.environment import RecommendationVectorEnv
from drr_tutorial.exploration import Exploration, make_exploration
from drr_tutorial.logs import TrainingLog
from drr_tutorial.ratings import DataError, Ratings
from drr_tutorial.replay import PrioritizedReplayBuffer, ReplayBuffer
from drr_tutorial.schedules import LinearSchedule

Validate = Callable[[ActorCritic], dict[str, float]]
CHECKPOINT = "checkpoint.safetensors"


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread, then as before: for networks this small more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class UserSchedule:
    """Whom to serve next: every eligible user once a pass, in an order drawn anew for each pass."""

    def __init__(self, users: NDArray[np.int64], rng: np.random.Generator) -> None:
        self.users, self.rng = users, rng
        self.queue = rng.permutation(users)

    def take(self, count: int) -> NDArray[np.int64]:
        """The next `count` users' indices."""
        while len(self.queue) < count:
            self.queue = np.concatenate([self.queue, self.rng.permutation(self.users)])
        taken, self.queue = self.queue[:count], self.queue[count:]
        return taken


class Trainer:
    """Trains `networks` on `ratings`, in place; `run()` ends with the best validated weights in them.

    `ratings` pay rewards; `history` are likes from before, which fill the memories and are not shown again (see
    `UserModel`). `validate` turns the networks into figures of which `hit` and `dcg` decide what is best. With
    `folder`, logs and checkpoints are kept there. Raises `DataError` when no user has `min_positives`
    positives, and `DivergenceError` within a validation after the networks ran away; the last checkpoint stays.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        ratings: Ratings,
        networks: ActorCritic,
        *,
        history: Ratings | None = None,
        validate: Validate | None = None,
        folder: Path | None = None,
        progress: bool = True,
    ) -> None:
        self.config, self.ratings, self.history_ratings, self.networks = config, ratings, history, networks
        self.validate, self.folder, self.progress = validate, folder, progress
        names = ("users", "environment", "replay", "exploration")
        seeds = np.random.SeedSequence(config.seed).spawn(len(names))
        self.rngs = {name: np.random.default_rng(seed) for name, seed in zip(names, seeds, strict=True)}
        self.env = self._make_environment()
        known = torch.from_numpy(self.env.users.known.toarray()) if history is not None else None
        self.ddpg = DDPG(
            networks,
            config.agent,
            torch.Generator().manual_seed(config.seed),
            embedding_lr=config.embedding.learning_rate,
            known=None if known is None else known.to(config.device),
            largest_reward=float(abs(self.env.users.rewards).max()),
        )
        self.watch = Watch(config, self.ddpg.value_limit)
        self.schedule = UserSchedule(self._eligible_users(), self.rngs["users"])
        self.total_steps = max(1, round(config.training.passes * self.env.users.n_positive[self.schedule.users].sum()))
        self.replay = self._make_replay()
        self.noise = self._make_exploration()
        self.observation: dict[str, Any] = {}
        self.step = 0
        self.memory = self.env.users.memory.copy()  # (n_users, N) the latest likes of each, play included
        self.history: list[dict[str, float]] = []
        self.best: dict[str, torch.Tensor] = {}

    def run(self) -> list[dict[str, float]]:
        """Train to the end, from the last checkpoint when the folder holds one; returns the validation history."""
        self._start()
        with one_thread(), TrainingLog(self.folder, self.step) as log, self._progress_bar() as bar:
            if self.step == 0:
                self._evaluate(log)  # the untrained agent
            for reward, result in self._steps():
                log.record(self.step, reward, result, due=self._due(self.total_steps // self.config.training.log_every))
                bar.update(min(self.step, self.total_steps) - bar.n)
                if self._due(self.config.training.evaluations) or self._due(self.config.training.checkpoints):
                    self.watch.check(self.step, self.networks)
                if self._due(self.config.training.evaluations):
                    bar.set_postfix({name: f"{value:.3f}" for name, value in self._evaluate(log).items()})
                if self._due(self.config.training.checkpoints):
                    self.save()
        self._save_weights("final")
        if self.best:
            self.networks.load_state_dict(self.best)
        return self.history

    def save(self) -> None:
        """Write the checkpoint, all or nothing."""
        if self.folder is not None:
            write_checkpoint(self, self.folder / CHECKPOINT)

    def _save_weights(self, name: str) -> None:
        if self.folder is not None:
            write_weights(self.networks, self.memory, self.folder / f"{name}.safetensors", {"step": self.step})

    def fingerprint(self) -> str:
        """Of the data that rewards and histories come from."""
        return "+".join(data.fingerprint() for data in (self.ratings, self.history_ratings) if data is not None)

    @torch.no_grad()
    def act(self) -> NDArray[np.float32]:
        """The actor's vectors for the users at play, with exploration: (num_envs, k)."""
        device = self.networks.items.weight.device
        state = self.networks.see(*(torch.from_numpy(self.observation[name]).to(device) for name in ("user", "memory")))
        vector = self.networks.act(state)
        self.watch.see_actions(self.step, vector)
        action = vector.cpu().numpy()
        return self.noise.explore(action, step=self.step, rng=self.rngs["exploration"])

    @torch.no_grad()
    def select(self, action: NDArray[np.float32]) -> NDArray[np.int64]:
        """The available item with the largest dot product, for each user: (num_envs,)."""
        items = self.networks.item_vectors()
        penalty, vectors = (torch.from_numpy(array).to(items.device) for array in (self.env.penalty, action))
        scores = torch.addmm(penalty, vectors, items.T)  # (num_envs, n_items)
        return scores.cpu().numpy().argmax(axis=1)  # several times as fast as torch's on a CPU

    def _steps(self) -> Iterator[tuple[float, UpdateResult | None]]:
        """One step of all environments, and the updates that are due: mean reward, and what the last update saw."""
        while self.step < self.total_steps:
            reward = self._interact()
            result = None
            every = self.config.training.steps_per_update
            if len(self.replay) >= self.config.training.batch_size:
                for _ in range(self.step // every - (self.step - self.env.num_envs) // every):
                    result = self._learn()
            yield reward, result

    def _interact(self) -> float:
        action = self.act()
        item = self.select(action)
        before = self.observation
        self.observation, reward, terminated, truncated, _ = self.env.step(item)
        self.memory[self.observation["user"]] = self.observation["memory"]
        self.replay.add(
            user=before["user"], memory=before["memory"], action=action, item=item, reward=reward,
            next_memory=self.observation["memory"], terminated=terminated,
        )  # fmt: skip
        finished = terminated | truncated
        if finished.any():
            self._reset(finished)
        self.step += self.env.num_envs
        return float(reward.mean())

    def _learn(self) -> UpdateResult:
        device = self.networks.items.weight.device
        batch = self.replay.sample(self.config.training.batch_size, self.rngs["replay"], device=device)
        alone = self.config.training.critic_first * self.total_steps
        result = self.ddpg.update(batch, move_actor=self.step >= alone)
        self.watch.see(self.step, result)
        self.replay.update_priorities(batch.index.cpu().numpy(), result.td_error.cpu().numpy())
        return result

    def _reset(self, mask: NDArray[np.bool_]) -> None:
        users = self.ratings.user_ids[self.schedule.take(int(mask.sum()))]
        self.observation, _ = self.env.reset(options={"reset_mask": mask, "users": users})
        self.noise.reset(mask)

    def _start(self) -> None:
        """Take up the checkpoint, or begin with new users and the figures of the untrained agent."""
        self.env.np_random = self.rngs["environment"]
        if self.folder is not None and (self.folder / CHECKPOINT).exists():
            read_checkpoint(self, self.folder / CHECKPOINT)
            self.observation = self.env.observation()
        else:
            self._reset(np.ones(self.env.num_envs, dtype=np.bool_))

    def _evaluate(self, log: TrainingLog) -> dict[str, float]:
        if self.validate is None:
            return {}
        figures = self.validate(self.networks)
        if not self.history or figures["hit"] + figures["dcg"] > max(h["hit"] + h["dcg"] for h in self.history):
            self.best = {name: value.clone() for name, value in self.networks.state_dict().items()}
            self._save_weights("best")
        self.history.append({"step": self.step, **figures})
        log.scalars(self.step, figures)
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

    def _eligible_users(self) -> NDArray[np.int64]:
        users = np.flatnonzero(self.env.users.n_positive >= self.config.environment.min_positives)
        if len(users) == 0:
            raise DataError(
                f"ratings must hold a user with {self.config.environment.min_positives} positive items, the best has "
                f"{self.env.users.n_positive.max()}; lower environment.min_positives"
            )
        return users

    def _make_environment(self) -> RecommendationVectorEnv:
        settings = self.config.environment
        return RecommendationVectorEnv(
            self.ratings, settings.num_envs, candidates=settings.candidates, memory_size=self.config.agent.memory_size,
            reward=settings.reward, max_steps=settings.max_steps, history=self.history_ratings,
        )  # fmt: skip

    def _make_exploration(self) -> Exploration:
        settings, shape = self.config.training, (self.env.num_envs, self.config.embedding.length)
        return make_exploration(
            settings.exploration, shape, start=settings.noise, end=settings.final_noise, n_steps=self.total_steps,
            limit=1.0 if self.config.agent.bounded_actions else np.inf,
        )  # fmt: skip

    def _make_replay(self) -> ReplayBuffer:
        settings = self.config.training
        capacity = max(settings.batch_size, min(settings.buffer_size, self.total_steps + self.env.num_envs))
        sizes = {
            "capacity": capacity,
            "memory_size": self.config.agent.memory_size,
            "action_dim": self.config.embedding.length,
        }
        if settings.replay == "uniform":
            return ReplayBuffer(**sizes)
        beta = LinearSchedule(settings.priority_beta, 1.0, self.total_steps // settings.steps_per_update)
        return PrioritizedReplayBuffer(**sizes, alpha=settings.priority_alpha, beta=beta)
