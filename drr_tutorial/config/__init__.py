"""Settings: what they are, what they may be, and the named presets."""

from drr_tutorial.config.presets import PRESETS
from drr_tutorial.config.settings import (
    LOG_ONLY,
    AgentConfig,
    EmbeddingConfig,
    EnvironmentConfig,
    ExperimentConfig,
    StateName,
    TrainingConfig,
)

__all__ = [
    "LOG_ONLY",
    "PRESETS",
    "AgentConfig",
    "EmbeddingConfig",
    "EnvironmentConfig",
    "ExperimentConfig",
    "StateName",
    "TrainingConfig",
]
