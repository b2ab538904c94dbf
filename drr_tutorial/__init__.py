"""Deep reinforcement recommendation: DRR (Liu et al. 2018) on MovieLens, the package behind the book.

    from drr_tutorial import DRRRecommender, load_ratings
    agent = DRRRecommender().fit(load_ratings("ml-100k"))
    agent.recommend(user=42, k=10)

Names are imported when first used, so that `import drr_tutorial` costs next to nothing. Gymnasium knows the
environment as `gymnasium.make("drr_tutorial.environment:drr_tutorial/Recommendation-v0", ratings=ratings)`.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "AgentConfig": "config",
    "EmbeddingConfig": "config",
    "EnvironmentConfig": "config",
    "ExperimentConfig": "config",
    "PRESETS": "config",
    "TrainingConfig": "config",
    "DataError": "ratings",
    "Ratings": "ratings",
    "UnknownIdError": "ratings",
    "load_ratings": "datasets",
    "Split": "splits",
    "make_split": "splits",
    "RecommendationEnv": "environment",
    "RecommendationVectorEnv": "environment",
    "VectorActionWrapper": "environment",
    "Recommender": "recommender",
    "AverageRatingRecommender": "baselines",
    "BPRRecommender": "baselines",
    "EASERecommender": "baselines",
    "IALSRecommender": "baselines",
    "ItemKNNRecommender": "baselines",
    "PopularityRecommender": "baselines",
    "RandomRecommender": "baselines",
    "DRRRecommender": "agent",
    "ranking_task": "ranking_tasks",
    "EvaluationReport": "reports",
    "compare": "reports",
    "evaluate_ranking": "evaluation",
    "evaluate_scores": "evaluation",
    "evaluate_sessions": "evaluation",
    "run_experiment": "experiment",
    "load_pretrained": "pretrained",
}
__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from drr_tutorial.agent import DRRRecommender as DRRRecommender
    from drr_tutorial.baselines import (
        AverageRatingRecommender as AverageRatingRecommender,
    )
    from drr_tutorial.baselines import (
        BPRRecommender as BPRRecommender,
    )
    from drr_tutorial.baselines import (
        EASERecommender as EASERecommender,
    )
    from drr_tutorial.baselines import (
        IALSRecommender as IALSRecommender,
    )
    from drr_tutorial.baselines import (
        ItemKNNRecommender as ItemKNNRecommender,
    )
    from drr_tutorial.baselines import (
        PopularityRecommender as PopularityRecommender,
    )
    from drr_tutorial.baselines import (
        RandomRecommender as RandomRecommender,
    )
    from drr_tutorial.config import (
        PRESETS as PRESETS,
    )
    from drr_tutorial.config import (
        AgentConfig as AgentConfig,
    )
    from drr_tutorial.config import (
        EmbeddingConfig as EmbeddingConfig,
    )
    from drr_tutorial.config import (
        EnvironmentConfig as EnvironmentConfig,
    )
    from drr_tutorial.config import (
        ExperimentConfig as ExperimentConfig,
    )
    from drr_tutorial.config import (
        TrainingConfig as TrainingConfig,
    )
    from drr_tutorial.datasets import load_ratings as load_ratings
    from drr_tutorial.environment import (
        RecommendationEnv as RecommendationEnv,
    )
    from drr_tutorial.environment import (
        RecommendationVectorEnv as RecommendationVectorEnv,
    )
    from drr_tutorial.environment import (
        VectorActionWrapper as VectorActionWrapper,
    )
    from drr_tutorial.evaluation import (
        evaluate_ranking as evaluate_ranking,
    )
    from drr_tutorial.evaluation import (
        evaluate_scores as evaluate_scores,
    )
    from drr_tutorial.evaluation import (
        evaluate_sessions as evaluate_sessions,
    )
    from drr_tutorial.experiment import run_experiment as run_experiment
    from drr_tutorial.pretrained import load_pretrained as load_pretrained
    from drr_tutorial.ranking_tasks import ranking_task as ranking_task
    from drr_tutorial.ratings import DataError as DataError
    from drr_tutorial.ratings import Ratings as Ratings
    from drr_tutorial.ratings import UnknownIdError as UnknownIdError
    from drr_tutorial.recommender import Recommender as Recommender
    from drr_tutorial.reports import EvaluationReport as EvaluationReport
    from drr_tutorial.reports import compare as compare
    from drr_tutorial.splits import Split as Split
    from drr_tutorial.splits import make_split as make_split


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'drr_tutorial' has no attribute {name!r}")
    return getattr(importlib.import_module(f"drr_tutorial.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
