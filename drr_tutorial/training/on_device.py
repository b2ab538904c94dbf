"""A training on a log whose users, replay and updates stay on one device, such as a GPU (chapter 5).

    parts = parts_on_log(config, ratings, networks, history=history, update=DeviceDDPG)
    DeviceTrainer(**parts, validate=validate).run()

The loop is `Trainer`'s, with tensors in the place of arrays. Nothing as long as the catalogue or a batch is copied in a
step: from the device come the rewards and ends of the users at play, which episodes and log need, and to it go the
users who begin. Random numbers come from a generator of the device: figures are those of another seed than the CPU's.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drr_tutorial.actor_critic.networks import State
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.environment.in_turn import UsersInTurn
from drr_tutorial.environment.sparse_rows import SparseRows
from drr_tutorial.environment.tensor_env import TensorVectorEnv
from drr_tutorial.training.ddpg import DDPG, UpdateResult
from drr_tutorial.training.exploration import EpsilonGreedy, GaussianNoise, OrnsteinUhlenbeckNoise
from drr_tutorial.training.known_items import KnownItems
from drr_tutorial.training.replay import ReplayBuffer
from drr_tutorial.training.tensor_replay import TensorReplay
from drr_tutorial.training.trainer import Trainer


class DeviceDDPG(DDPG):
    """DDPG whose slates are drawn on the device by `device_generator`, once a trainer has set it."""

    device_generator: torch.Generator | None = None

    def _slates(self, n: int) -> Tensor | None:
        if self.device_generator is None:
            return super()._slates(n)
        n_items, m = self.online.n_items, self.config.slate_size
        device = self.online.items.weight.device
        return None if n_items <= m else torch.randint(n_items, (n, m), generator=self.device_generator, device=device)


class DeviceKnownItems(KnownItems):
    """What users liked before, kept on the device."""

    def __init__(self, known: KnownItems, device: torch.device) -> None:
        super().__init__(known.known)
        self._rows = SparseRows(known.known, device)

    def of(self, users: Tensor) -> Tensor:
        """Which items each of the users (n,) knows: (n, n_items), bool."""
        return self._rows.rows(users)


class DeviceTrainer(Trainer):
    """`Trainer` for the parts of a log, on the device of the networks; checkpoints of both are read by both.

    `ValueError` for a world and for transitions of several steps: those train with `Trainer`.
    """

    env: UsersInTurn
    ddpg: DeviceDDPG
    replay: TensorReplay  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._refuse_others()
        self.device = self.networks.items.weight.device
        self.generator = torch.Generator(self.device).manual_seed(int(self.rngs["replay"].integers(2**63)))
        self.users = TensorVectorEnv(self.env.env, self.device, self.generator)
        self.drift = torch.zeros(self.noise.shape, device=self.device)  # of noise that drifts
        arrays = cast(ReplayBuffer, self.replay)  # as it was handed over
        self.replay = TensorReplay(arrays, self.device, self.generator)
        self.ddpg.device_generator = self.generator
        if self.ddpg.known is not None:
            self.ddpg.known = DeviceKnownItems(self.ddpg.known, self.device)

    def _refuse_others(self) -> None:
        if not isinstance(self.env, UsersInTurn) or not isinstance(self.ddpg, DeviceDDPG):
            raise ValueError("a training on a device needs the parts of a log: parts_on_log(..., update=DeviceDDPG)")
        if self.n_step.n != 1:
            raise ValueError(f"a training on a device takes n_steps=1, got {self.n_step.n}; use Trainer")

    def state_dict(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on; `Trainer` takes it up, too."""
        if isinstance(self.noise, OrnsteinUhlenbeckNoise):
            self.noise.load_state_dict({"x": self.drift.cpu().numpy()})
        playing = {"queue": self.env.queue, **self.users.state_dict()}
        return super().state_dict() | {"env": playing, "device": self.generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken, here or by `Trainer`."""
        super().load_state_dict(state)
        self.users.load_state_dict(self.env.env.state_dict())
        for drift in self.noise.state_dict().values():
            self.drift = torch.from_numpy(drift).float().to(self.device)
        if "device" in state:
            self.generator.set_state(state["device"])

    @torch.no_grad()
    def act(self) -> Tensor:  # type: ignore[override]
        """The actor's vectors for the users at play, with exploration: (num_envs, k)."""
        if self.step < self.settings.random_share * self.total_steps:
            return self._uniform(self.env.num_envs, self.networks.items.embedding_dim)
        vector = self.networks.act(self._see())
        self.watch.see_actions(self.step, vector)
        return self._explore(vector).clamp(-self.noise.limit, self.noise.limit)

    @torch.no_grad()
    def select(self, action: Tensor) -> Tensor:  # type: ignore[override]
        """The available item with the largest dot product, for each user: (num_envs,)."""
        return torch.addmm(self.users.penalty, action, self.networks.item_vectors().T).argmax(dim=1)

    def _explore(self, vector: Tensor) -> Tensor:
        """What `self.noise` does, with numbers of the device."""
        noise = self.noise
        if isinstance(noise, EpsilonGreedy):
            lot = torch.rand(len(vector), 1, generator=self.generator, device=self.device)
            return torch.where(lot < noise.epsilon(self.step), self._uniform(*vector.shape), vector)
        if isinstance(noise, GaussianNoise):
            return vector + self._normal(noise.sigma(self.step))
        if isinstance(noise, OrnsteinUhlenbeckNoise):
            self.drift += noise.theta * (noise.mean - self.drift) + self._normal(noise.sigma(self.step))
            return vector + self.drift
        return vector

    def _normal(self, sigma: float) -> Tensor:
        return sigma * torch.randn(self.noise.shape, generator=self.generator, device=self.device)

    def _uniform(self, *shape: int) -> Tensor:
        return 2 * torch.rand(shape, generator=self.generator, device=self.device) - 1

    def _see(self, places: Any = slice(None)) -> State:
        return self.networks.see(self.users.user[places], self.users.memory[places])

    @torch.no_grad()
    def _expected(self, action: Tensor, item: Tensor) -> NDArray[np.float32]:
        """Q of what the episodes that begin now show first, (b,)."""
        begins = torch.from_numpy(self.episodes.begins).to(self.device)
        shown = self.networks.items.weight[item] if self.ddpg.config.critic_sees == "item" else action
        expected: NDArray[np.float32] = self.networks.value(self._see(begins), shown[begins]).cpu().numpy()
        return expected

    def _interact(self) -> float:
        action = self.act()
        item, user, memory = self.select(action), self.users.user, self.users.memory
        if self.folder is not None and self.episodes.begins.any():
            self.episodes.promise(self._expected(action, item))
        reward, terminated, truncated = self.users.step(item)
        self.replay.add(
            user=user, memory=memory, action=action, item=item, reward=reward, next_memory=self.users.memory,
            terminated=terminated, steps=torch.ones_like(item),
        )  # fmt: skip
        told = torch.stack([reward, (terminated | truncated).float()]).cpu().numpy()  # the copy of this step
        finished = told[1] > 0
        self.episodes.add(told[0], finished)
        if finished.any():
            self._reset(finished)
        self.step += self.env.num_envs
        return float(told[0].mean())

    def _learn(self) -> UpdateResult:
        batch = self.replay.sample(self.settings.batch_size)
        if self.settings.final_rate < 1:
            self.ddpg.anneal(1 - (1 - self.settings.final_rate) * min(1, self.step / self.total_steps))
        result = self.ddpg.update(batch, move_actor=self.step >= self.settings.critic_first * self.total_steps)
        self.watch.see(self.step, result)
        self.replay.update_priorities(batch.index, result.td_error)
        return result

    def _reset(self, mask: NDArray[np.bool_]) -> None:
        places, users = np.flatnonzero(mask), self.env.take(int(mask.sum()))
        begins, who = (torch.from_numpy(index).to(self.device) for index in (places, users))
        self.users.reset(begins, who)
        self.drift[begins] = 0


class Kinds(NamedTuple):
    """What learns on a device."""

    trainer: type[Trainer]
    update: type[DDPG]


def kinds_for(config: ExperimentConfig, update: type[DDPG] = DDPG) -> Kinds:
    """Tensors on a GPU of CUDA, where they can be; arrays, with this `update`, everywhere else.

    An update of another kind and transitions of several steps have no tensors; their networks are on the GPU alone.
    """
    if config.device.startswith("cuda") and update is DDPG and config.agent.n_steps == 1:
        return Kinds(DeviceTrainer, DeviceDDPG)
    return Kinds(Trainer, update)
