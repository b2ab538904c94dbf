"""Optimizers: Adam and AdamW, and the original's Ranger from its parts.

Ranger is Lookahead (Zhang et al. 2019) over RAdam (Liu et al. 2020), here with gradient centralization (Yong
et al. 2020) if wanted. RAdam is PyTorch's; Lookahead and the centralization are below.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor
from torch.optim import Optimizer

from drr_tutorial.training.checkpoints import check_form

OptimizerKind = Literal["adam", "adamw", "ranger"]
Params = Iterable[Tensor] | Iterable[dict[str, Any]]


def make_optimizer(kind: OptimizerKind, params: Params, lr: float, weight_decay: float = 0.0) -> Optimizer:
    """Return the optimizer `kind` for `params`: tensors, or dicts of them with their own lr.

    adam adds `weight_decay` times the weight to the gradient; adamw and ranger shrink the weight by
    lr * weight_decay instead (Loshchilov & Hutter 2019). Raises ValueError for an unknown kind.
    """
    if kind == "adam":  # fused: one pass over all tensors, two to three times as fast for nets of this size
        return torch.optim.Adam(params, lr=lr, weight_decay=weight_decay, fused=True)
    if kind == "adamw":
        return torch.optim.AdamW(params, lr=lr, weight_decay=weight_decay, fused=True)
    if kind == "ranger":
        return ranger(params, lr=lr, weight_decay=weight_decay)
    raise ValueError(f"optimizer must be adam, adamw or ranger, got {kind!r}")


def ranger(
    params: Params, lr: float = 1e-3, weight_decay: float = 0.0, gradient_centralization: bool = True
) -> "Lookahead":
    """Return the original's optimizer, Ranger: Lookahead (k = 6, alpha = 0.5) over RAdam with its settings.

    With `gradient_centralization` as in the original, the mean over all but the first dimension is taken off
    each gradient of two or more dimensions before the step (Yong et al. 2020, eq. 1): for a linear layer, the
    mean over the inputs of each output; for an embedding, the mean over the components of each row.
    """
    inner = torch.optim.RAdam(
        params,
        lr=lr,
        betas=(0.95, 0.999),
        eps=1e-5,
        weight_decay=weight_decay,
        decoupled_weight_decay=True,
        foreach=True,
    )
    if gradient_centralization:
        inner.register_step_pre_hook(_centralize_gradients)
    return Lookahead(inner, k=6, alpha=0.5)


class Lookahead(Optimizer):
    """k steps forward, one step back (Zhang et al. 2019, algorithm 1), around any optimizer.

    The inner optimizer moves the fast weights theta, which are the parameters. After every k-th step the slow
    weights move towards them, phi <- phi + alpha (theta - phi), and the fast ones start again from there,
    theta <- phi. The slow weights start as the parameters are at the first step.

    Args:
        inner: the optimizer of the fast weights; its param_groups are shared, so either's lr is the other's.
        k: steps of the inner optimizer for each one of the slow weights, 1 or more.
        alpha: step size of the slow weights, above 0 to 1; 1 leaves the inner optimizer as it is.
    """

    def __init__(self, inner: Optimizer, k: int = 6, alpha: float = 0.5) -> None:
        if k < 1:
            raise ValueError(f"k must be 1 or more, got {k}")
        if not 0 < alpha <= 1:
            raise ValueError(f"alpha must lie above 0 and up to 1, got {alpha}")
        super().__init__(inner.param_groups, defaults={})
        self.inner, self.k, self.alpha = inner, k, alpha
        self.n_steps = 0

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Do one step of the inner optimizer, after every k-th one of the slow weights; return the loss."""
        fast = _parameters(self)
        if self.n_steps == 0:
            for parameter in fast:
                self.state[parameter]["slow"] = parameter.detach().clone()
        loss = self.inner.step(closure)
        self.n_steps += 1
        if fast and self.n_steps % self.k == 0:
            slow = [self.state[parameter]["slow"] for parameter in fast]
            torch._foreach_lerp_(slow, fast, self.alpha)
            torch._foreach_copy_(fast, slow)
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Return the slow weights, the count of steps, and the inner optimizer's state."""
        return {**super().state_dict(), "n_steps": self.n_steps, "inner": self.inner.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        super().load_state_dict(state_dict)
        load_optimizer(self.inner, state_dict["inner"])
        self.param_groups = self.inner.param_groups  # loading made new ones: share them again
        self.n_steps = state_dict["n_steps"]


def load_optimizer(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Go on where `optimizer.state_dict()` was taken, for the same parameters.

    Raises `ValueError` when they are others, or what is kept of one has another shape or kind of numbers: fused steps
    would read and write beyond it.
    """
    for mine, theirs in zip(optimizer.state_dict()["param_groups"], state["param_groups"], strict=True):
        check_form({**mine, "params": 0}, {**theirs, "params": 0}, "an optimizer's group")
        if mine["params"] != theirs["params"]:
            raise ValueError(f"an optimizer's group has parameters {theirs['params']}, not {mine['params']}")
    parameters = _parameters(optimizer)
    for number, kept in state["state"].items():
        for name, value in kept.items():
            check_form(torch.tensor(0.0) if name == "step" else parameters[number], value, f"an optimizer's {name}")
    optimizer.load_state_dict(dict(state))


def _parameters(optimizer: Optimizer) -> list[Tensor]:
    """Return all parameters in the order of param_groups, as `state_dict` numbers them."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _centralize_gradients(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
    """Take the mean over all dimensions but the first off every gradient of two or more, in place.

    Not where these dimensions hold one entry: taking it off would leave nothing to learn from.
    """
    for parameter in _parameters(optimizer):
        gradient = parameter.grad
        if gradient is not None and gradient.ndim > 1 and gradient[0].numel() > 1:
            gradient -= gradient.mean(dim=tuple(range(1, gradient.ndim)), keepdim=True)
