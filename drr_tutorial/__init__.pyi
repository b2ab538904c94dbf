"""The public names, where each comes from. Editors and type checkers read this file; so does `lazy_loader`."""

from .agent import DRRAgent as DRRAgent
from .config import (
    PRESETS as PRESETS,
    AgentConfig as AgentConfig,
    EmbeddingConfig as EmbeddingConfig,
    EnvironmentConfig as EnvironmentConfig,
    ExperimentConfig as ExperimentConfig,
    TrainingConfig as TrainingConfig,
)
from .data.load import load_ratings as load_ratings, read_ratings as read_ratings
from .data.options import ReadingOptions as ReadingOptions
from .data.ratings import DataError as DataError, Ratings as Ratings, UnknownIdError as UnknownIdError
from .data.splits import Split as Split, make_split as make_split
from .environment.env import (
    RecommendationEnv as RecommendationEnv,
    VectorActionWrapper as VectorActionWrapper,
)
from .environment.vector_env import (
    RecommendationVectorEnv as RecommendationVectorEnv,
)
from .evaluation.episodes import Episodes as Episodes, play_episodes as play_episodes
from .evaluation.ranking import (
    evaluate_ranking as evaluate_ranking,
    evaluate_scores as evaluate_scores,
)
from .evaluation.reports import EvaluationReport as EvaluationReport, compare as compare
from .evaluation.sessions import evaluate_sessions as evaluate_sessions
from .evaluation.tasks import ranking_task as ranking_task
from .experiment import run_experiment as run_experiment
from .recommenders.base import Recommender as Recommender
from .recommenders.baselines import (
    AverageRatingRecommender as AverageRatingRecommender,
    BPRRecommender as BPRRecommender,
    EASERecommender as EASERecommender,
    IALSRecommender as IALSRecommender,
    ItemKNNRecommender as ItemKNNRecommender,
    PopularityRecommender as PopularityRecommender,
    RandomRecommender as RandomRecommender,
)
from .recommenders.drr import DRRRecommender as DRRRecommender
from .recommenders.gaussian import GaussianRecommender as GaussianRecommender
from .recommenders.index import ItemIndex as ItemIndex
from .recommenders.onnx import export_onnx as export_onnx
from .recommenders.pretrained import load_pretrained as load_pretrained
from .training.watching import (
    MLflowLogger as MLflowLogger,
    WandbLogger as WandbLogger,
    watching as watching,
)
from .worlds.env import (
    PlanningEnv as PlanningEnv,
    TinyPlanningEnv as TinyPlanningEnv,
    WorldEnv as WorldEnv,
)
from .worlds.make import make_world_vec as make_world_vec
from .worlds.simulation import Simulation as Simulation
from .worlds.vector_env import (
    PlanningVectorEnv as PlanningVectorEnv,
    TinyPlanningVectorEnv as TinyPlanningVectorEnv,
    WorldVectorEnv as WorldVectorEnv,
)

__version__: str
__all__: list[str]
