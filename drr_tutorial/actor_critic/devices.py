"""Where networks can live on this machine."""

import torch

from drr_tutorial.config import ExperimentConfig


def require_device(config: ExperimentConfig) -> None:
    """Raises `ValueError` when this machine cannot train on the device."""
    if not is_there(config.device):
        raise ValueError(
            f"ExperimentConfig.device must be one that this machine has, got {config.device!r}; cpu is always there"
        )


def is_there(device: str) -> bool:
    """Whether a tensor can be made on a device."""
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):
        return False
    return True
