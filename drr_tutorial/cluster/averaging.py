"""One update for many workers: each computes gradients on its own transitions, and all take the step of their mean.

The loss of an update is a mean over the batch, so the mean of the gradients of n workers with batches of b is the
gradient of one process with the n b transitions of all of them (Goyal et al. 2017, section 2.3). All workers begin with
the same weights and add the same steps: their networks and target networks stay equal, and none needs to be sent.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.optim import Optimizer

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import AgentConfig
from drr_tutorial.training.ddpg import DDPG, UpdateResult
from drr_tutorial.training.replay import TransitionBatch


class AveragedDDPG(DDPG):
    """DDPG in one of the workers of `torch.distributed`'s default group; all of them update together.

    `generator` must be the same everywhere: slates are drawn for the batches of all workers, and each takes its part.
    With worker r holding rows r, r + n, ... of a batch, n workers do what one process does with the whole of it, up to
    the order in which numbers are added. Raises `ValueError` where vectors move: a worker has those of its users only.
    """

    def __init__(self, networks: ActorCritic, config: AgentConfig, generator: torch.Generator, **options: Any) -> None:
        if options.get("embedding_lr", 0.0) > 0:
            raise ValueError(
                f"embedding.learning_rate must be 0 with several workers, got {options['embedding_lr']}: each has the "
                "vectors of its own users only; train in one process, or keep the vectors fixed"
            )
        for part in (networks.actor, networks.critic, networks.state):
            for weight in part.state_dict().values():
                dist.broadcast(weight, src=0)
        super().__init__(networks, config, generator, **options)
        limit = torch.tensor(self.value_limit, dtype=torch.float64)
        dist.all_reduce(limit, dist.ReduceOp.MAX)  # users of one worker may never earn what those of another can
        self.value_limit = float(limit)
        self.SLATES = max(1, DDPG.SLATES // dist.get_world_size())  # type: ignore[misc]
        for optimizer in self.optimizers.values():
            optimizer.register_step_pre_hook(_average_gradients)

    def update(self, batch: TransitionBatch, *, move_actor: bool = True) -> UpdateResult:
        """One step of algorithm 1 for all workers; the losses are those of all their batches, the rest of this one."""
        result = super().update(batch, move_actor=move_actor)
        losses = mean_over_workers(torch.stack([result.value_loss, result.policy_loss]))
        return result._replace(value_loss=losses[0], policy_loss=losses[1])

    def _slates(self, n: int) -> Tensor | None:
        """This worker's of the slates that are drawn for the batches of all."""
        workers = dist.get_world_size()
        slates = super()._slates(n * workers)
        return None if slates is None else slates[dist.get_rank() :: workers]


def mean_over_workers(values: Tensor) -> Tensor:
    """Of the same shape, in place: the mean of what all workers pass."""
    dist.all_reduce(values)
    return values.div_(dist.get_world_size())


def _average_gradients(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
    """Before a step: in one message, all gradients of an optimizer become the mean over the workers."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return
    mean = mean_over_workers(torch.cat([gradient.flatten() for gradient in gradients]))
    parts = mean.split([gradient.numel() for gradient in gradients])
    torch._foreach_copy_(gradients, [part.view_as(own) for part, own in zip(parts, gradients, strict=True)])


def message_bytes(networks: ActorCritic) -> int:
    """Bytes of the gradients that a worker hands over at each update: four for each weight but those of the tables."""
    parts = (networks.actor, networks.critic, networks.state)
    return 4 * sum(parameter.numel() for part in parts for parameter in part.parameters())
