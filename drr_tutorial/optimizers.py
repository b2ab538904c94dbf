"""Optimizers: Adam and AdamW, the original's Ranger from its parts, and optimizer states as named tensors.

Ranger is Lookahead (Zhang et al. 2019) over RAdam (Liu et al. 2020), here with gradient centralization (Yong
et al. 2020) if wanted. RAdam is PyTorch's; Lookahead and the centralization are below.

A checkpoint must not hold a pickle, so `optimizer_arrays` lays an optimizer's state out as tensors by name,
and `load_optimizer_arrays` puts it back: the next steps are the same, bit for bit.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor
from torch.optim import Optimizer

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
        self.inner.load_state_dict(state_dict["inner"])
        self.param_groups = self.inner.param_groups  # loading made new ones: share them again
        self.n_steps = state_dict["n_steps"]


def optimizer_arrays(optimizer: Optimizer) -> dict[str, Tensor]:
    """Return copies of all that the next steps of an optimizer of this module depend on, as tensors by name.

    Names: "state.<parameter>.<exp_avg, ...>" and "group.<group>.lr" (float64), numbered in the order of
    param_groups; for `Lookahead` "slow.<parameter>", "n_steps", and the inner optimizer's names behind
    "inner.".
    """
    state = optimizer.state_dict()["state"]
    if isinstance(optimizer, Lookahead):
        arrays = {f"slow.{i}": values["slow"].detach().clone() for i, values in state.items()}
        arrays["n_steps"] = torch.tensor(optimizer.n_steps)
        return arrays | {f"inner.{name}": value for name, value in optimizer_arrays(optimizer.inner).items()}
    arrays = {
        f"state.{i}.{name}": value.detach().clone() for i, values in state.items() for name, value in values.items()
    }
    for i, group in enumerate(optimizer.param_groups):
        arrays[f"group.{i}.lr"] = torch.tensor(float(group["lr"]), dtype=torch.float64)
    return arrays


def load_optimizer_arrays(optimizer: Optimizer, arrays: Mapping[str, Tensor]) -> None:
    """Put what `optimizer_arrays` returned into an optimizer of the same kind and parameter shapes.

    Raises ValueError, with the optimizer unchanged, when names or shapes do not fit.
    """
    optimizer.load_state_dict(_state_dict(optimizer, dict(arrays)))


def _state_dict(optimizer: Optimizer, arrays: dict[str, Tensor]) -> dict[str, Any]:
    """Return the state_dict for `optimizer` that `arrays` stand for."""
    if isinstance(optimizer, Lookahead):
        inner = {name.removeprefix("inner."): a for name, a in arrays.items() if name.startswith("inner.")}
        own = {name: a for name, a in arrays.items() if not name.startswith("inner.")}
        return _lookahead_state_dict(optimizer, own, _state_dict(optimizer.inner, inner))
    groups = optimizer.state_dict()["param_groups"]
    for i, group in enumerate(groups):
        group["lr"] = float(_take(arrays, f"group.{i}.lr"))
    state = {}
    for i, parameter in enumerate(_parameters(optimizer)):
        if any(name.startswith(f"state.{i}.") for name in arrays):  # none before its first step
            state[i] = {
                "step": _take(arrays, f"state.{i}.step", torch.Size([])),
                "exp_avg": _take(arrays, f"state.{i}.exp_avg", parameter.shape),
                "exp_avg_sq": _take(arrays, f"state.{i}.exp_avg_sq", parameter.shape),
            }
    _refuse_rest(arrays)
    return {"state": state, "param_groups": groups}


def _lookahead_state_dict(optimizer: Lookahead, arrays: dict[str, Tensor], inner: dict[str, Any]) -> dict[str, Any]:
    n_steps = int(_take(arrays, "n_steps"))
    parameters = _parameters(optimizer) if n_steps > 0 else []
    state = {i: {"slow": _take(arrays, f"slow.{i}", p.shape)} for i, p in enumerate(parameters)}
    _refuse_rest(arrays)
    return {"state": state, "param_groups": inner["param_groups"], "n_steps": n_steps, "inner": inner}


def _take(arrays: dict[str, Tensor], name: str, shape: torch.Size | None = None) -> Tensor:
    """Take a copy of the array `name` out of `arrays`."""
    if name not in arrays:
        raise ValueError(f"the saved optimizer lacks {name}; load it into the kind of optimizer that was saved")
    array = arrays.pop(name)
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} of the saved optimizer must have shape {tuple(shape)}, got {tuple(array.shape)}")
    return array.detach().clone()


def _refuse_rest(arrays: Mapping[str, Tensor]) -> None:
    if arrays:
        raise ValueError(f"the saved optimizer has {sorted(arrays)[0]}, which has no place here; was it another kind?")


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
