"""The original notebook's training, whole and with its defects, for several runs in lock-step.

One pass over the users with at least 20 training positives, an update of batch 512 after every step once more than 512
transitions are stored, Ranger at 1e-5; every hundred steps the figure of one user on test data, by which the best
weights are chosen. With noise: the later repository's Ornstein-Uhlenbeck process (theta 0.15, sigma 0.4, back to 0 with
each user), whose vector both selects and is stored. Each run has generators of its own, so that it is the same alone or
beside others (tested), up to the order of additions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.clinic.original.networks import Parameters, Seen, Sizes, StackedNetworks, initial_parameters
from drr_tutorial.lab.clinic.original.noise import StackedNoise
from drr_tutorial.lab.clinic.original.one_user import BarAfterTheBest, OneUsersLists, SampledLists
from drr_tutorial.lab.clinic.original.players import StackedPlayers
from drr_tutorial.lab.clinic.original.ranger import StackedRanger
from drr_tutorial.lab.clinic.original.replay import StackedReplay
from drr_tutorial.storage import StorageError, read_arrays, write_arrays

EVALUATE_EVERY = 100


class Run(NamedTuple):
    """One repetition."""

    seed: int
    noise: bool


@dataclass(frozen=True)
class Settings:
    """The notebook's numbers."""

    learning_rate: float = 1e-5
    gamma: float = 0.8
    limit: float = 10.0
    tau: float = 1e-3
    batch_size: int = 512
    min_positives: int = 20


class OriginalPass:
    """The training of `runs` on `train`. `one_user` picks the best weights (without it, the untrained ones stay the
    best). `curve` has an entry for the start and for `marks` even places after it: means since the entry before
    and, with `sample`, its figures.
    """

    def __init__(
        self,
        train: Ratings,
        runs: Sequence[Run],
        settings: Settings | None = None,
        *,
        one_user: OneUsersLists | None = None,
        sample: SampledLists | None = None,
        marks: int = 40,
    ) -> None:
        self.runs, self.settings, self.one_user = tuple(runs), settings or Settings(), one_user
        self.sample, self.marks = sample, marks
        sizes = Sizes(train.n_users, train.n_items)
        self.rngs = {
            name: [_generator(run, part) for run in runs] for part, name in enumerate(("play", "replay", "noise"))
        }
        self.networks = StackedNetworks(
            sizes, [initial_parameters(sizes, torch.Generator().manual_seed(run.seed)) for run in runs]
        )
        self.optimizer = StackedRanger(self.networks.flat, self.networks.gradient, self.settings.learning_rate)
        self.players = StackedPlayers(train, self.rngs["play"], sizes.memory, self.settings.min_positives)
        self.replay = StackedReplay(self.players.n_steps, self.rngs["replay"], sizes.memory, sizes.k)
        self.noise = StackedNoise([run.noise for run in runs], self.rngs["noise"], sizes.k)
        self.bars = [BarAfterTheBest() for _ in runs]
        self.best = [self.networks.run(number) for number in range(len(runs))]
        self.step = 0
        self.curve: list[dict[str, Any]] = []
        self._seen = np.zeros(
            (2 + len(Seen._fields), len(runs))
        )  # sums since the last mark: reward, length of the action, Seen

    def run(self, checkpoint: Path | None = None, *, every: int = 20_000, tag: str = "", progress: bool = True) -> None:
        """Train to the end. With `checkpoint`, go on from that file if it has the same `tag` and runs, and write it
        every so many steps.
        """
        if checkpoint is not None:
            self.resume(checkpoint, tag)
        if self.step == 0:
            self._mark()
        total = self.players.n_steps
        with tqdm(
            total=total, initial=self.step, desc="original", unit="step", disable=not progress, mininterval=5
        ) as bar:
            for _ in self.steps():
                bar.update(1)
                if self.step * self.marks // total > (self.step - 1) * self.marks // total:
                    self._mark()
                if checkpoint is not None and (self.step % every == 0 or self.step == total):
                    write_arrays(checkpoint, self._arrays(), self._about(tag))

    def resume(self, path: Path, tag: str = "") -> bool:
        """Go on from a checkpoint of `run`; False, and nothing changed, without a whole one of the same tag and
        runs.
        """
        try:
            arrays, about = read_arrays(path)
        except StorageError:
            return False
        if about.get("tag") != tag or about.get("runs") != [list(run) for run in self.runs]:
            return False
        self.step, self.curve, self._seen = about["step"], about["curve"], np.array(about["seen"])
        for bar, (place, figures) in zip(self.bars, about["bars"], strict=True):
            bar.bar, bar.figures = place, [(hit, dcg) for hit, dcg in figures]
        for name, states in about["rngs"].items():
            for rng, state in zip(self.rngs[name], states, strict=True):
                rng.bit_generator.state = state
        self._load(arrays)
        return True

    def steps(self) -> Iterator[int]:
        """Play, store, learn, evaluate: one step of all runs at a time, until every user was served."""
        while self.step < self.players.n_steps:
            self._play()
            if len(self.replay) > self.settings.batch_size:
                self._learn()
            if self.one_user is not None and self.step % EVALUATE_EVERY == 0 and self.step > 0:
                self._choose_best(self.one_user)
            self.step += 1
            yield self.step

    @torch.no_grad()
    def act(self) -> NDArray[np.float32]:
        """The vectors for the users at play, noise included (R, k)."""
        user = torch.from_numpy(self.players.user)[:, None] + self.networks.user_rows
        memory = torch.from_numpy(self.players.memories())[:, :, None] + self.networks.item_rows
        action: NDArray[np.float32] = self.networks.act(self.networks.state(user, memory)[2])[0][:, 0].numpy()
        return self.noise.add_to(action)

    @torch.no_grad()
    def scores(self, number: int, parameters: Parameters, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """What one run's `parameters` say of every item (m, n_items) for users (m,) with that run's memories."""
        alone = StackedNetworks(self.networks.sizes, [parameters])
        memory = torch.from_numpy(self.players.memory[number, users])
        action, _ = alone.act(alone.state(torch.from_numpy(users)[None], memory.T[None])[2])
        scores: NDArray[np.float32] = (action[0] @ parameters["items"][:-1].T).numpy()
        return scores

    def _play(self) -> None:
        self.noise.reset(self.players.begin())
        action = self.act()
        items = self.networks.online["items"][:, :-1]
        scores = torch.bmm(items, torch.from_numpy(action)[:, :, None]).squeeze(2).numpy()  # (R, n_items)
        shown = self.players.show((scores + self.players.penalty).argmax(axis=1))
        self.replay.add(shown, action)
        self._seen[0] += shown.reward
        self._seen[1] += np.linalg.norm(action, axis=1)

    @torch.no_grad()
    def _learn(self) -> None:
        settings = self.settings
        batch = self.replay.sample(settings.batch_size, self.networks)
        seen = self.networks.compute_gradients(batch, settings.gamma, settings.limit)
        self.optimizer.step()
        self.networks.follow(settings.tau)
        self._seen[2:] += torch.stack(seen).numpy()

    def _choose_best(self, one_user: OneUsersLists) -> None:
        figures = one_user.figures(self.networks, self.players.memory[:, one_user.user])
        for number, (hit, dcg) in enumerate(figures.tolist()):
            if self.bars[number].passes(hit, dcg):
                self.best[number] = self.networks.run(number)

    def _mark(self) -> None:
        """An entry of the curve: means over the steps since the last one, one number a run, and what `measure` says."""
        steps = max(1, self.step - (self.curve[-1]["step"] if self.curve else 0))
        names = ("reward", "action_length", *Seen._fields)
        means = dict(zip(names, (self._seen / steps).tolist(), strict=True))
        self._seen[:] = 0
        self.curve.append({"step": self.step, **means, **self._sampled()})

    def _sampled(self) -> dict[str, list[float]]:
        if self.sample is None:
            return {}
        parts = [self.scores(number, self.networks.run(number), self.sample.users) for number in range(len(self.runs))]
        figures = np.stack([self.sample.figures(scores) for scores in parts])  # (R, 2)
        return {"hit": figures[:, 0].tolist(), "dcg": figures[:, 1].tolist()}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        tensors: dict[str, Tensor] = {"flat": self.networks.flat, "target": self.networks.target_networks}
        tensors |= {f"optimizer/{name}": tensor for name, tensor in self.optimizer.state().items()}
        for number, kept in enumerate(self.best):
            tensors |= {f"best/{number}/{name}": tensor for name, tensor in kept.items()}
        arrays = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
        arrays |= {f"players/{name}": array for name, array in self.players.arrays().items()}
        arrays |= {f"replay/{name}": array for name, array in self.replay.arrays().items()}
        return arrays | {"noise": self.noise.x}

    def _about(self, tag: str) -> dict[str, Any]:
        return {
            "tag": tag,
            "runs": [list(run) for run in self.runs],
            "step": self.step,
            "curve": self.curve,
            "seen": self._seen.tolist(),
            "bars": [[bar.bar, bar.figures] for bar in self.bars],
            "rngs": {name: [rng.bit_generator.state for rng in rngs] for name, rngs in self.rngs.items()},
        }

    def _load(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        def part(name: str) -> dict[str, NDArray[Any]]:
            return {key.removeprefix(name): array for key, array in arrays.items() if key.startswith(name)}

        self.networks.flat.copy_(torch.from_numpy(arrays["flat"]))
        self.networks.target_networks.copy_(torch.from_numpy(arrays["target"]))
        if part("optimizer/"):
            self.optimizer.load_state({name: torch.from_numpy(array) for name, array in part("optimizer/").items()})
        self.best = [
            {name: torch.from_numpy(array) for name, array in part(f"best/{number}/").items()}
            for number in range(len(self.runs))
        ]
        self.players.load_arrays(part("players/"))
        self.replay.load_arrays(part("replay/"))
        self.noise.x[:] = arrays["noise"]


def _generator(run: Run, part: int) -> np.random.Generator:
    return np.random.default_rng([run.seed, part])
