"""Every setting of an experiment: frozen, documented, checked, JSON in and out, and the named presets.

The text under a field is its documentation here, in the API pages and in `drr-tutorial train --help`. The fields' own
defaults are the preset `simple`, the agent of chapters 2 to 6. `original` is the recipe of the notebook that this
project grows from, `paper` that of Liu et al. (2018) as far as it is known (see the paper line by line). `default` is
the best recipe found so far for finding what a user likes, `next` for finding what comes next (chapter 10 says what
each part does).
"""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar, get_type_hints

import numpy as np

T = TypeVar("T")
StateName = Literal["drr-p", "drr-u", "drr-ave", "drr-att"]


def _require(holds: bool, owner: object, name: str, rule: str) -> None:
    if not holds:
        value = getattr(owner, name)
        raise ValueError(f"{type(owner).__name__}.{name} must be {rule}, got {value!r}")


def _require_positive(owner: object, *names: str) -> None:
    for name in names:
        _require(getattr(owner, name) > 0, owner, name, "above 0")


def _require_finite(owner: Any) -> None:
    for found in dataclasses.fields(owner):
        value = getattr(owner, found.name)
        _require(not isinstance(value, float | np.floating) or math.isfinite(value), owner, found.name, "finite")


def _require_share(owner: object, *names: str) -> None:
    for name in names:
        _require(0 <= getattr(owner, name) <= 1, owner, name, "from 0 to 1")


@dataclass(frozen=True)
class EmbeddingConfig:
    """User and item vectors before RL."""

    method: Literal["ials", "pmf", "scratch"] = "ials"
    """ials: implicit alternating least squares (Hu et al. 2008); pmf: probabilistic matrix factorization (the
    paper's); scratch: small random numbers, learned by RL alone (the original). Only training data is used.
    """
    n_factors: int = 64
    """Length of a vector, and of an action where no further parts join. The paper: 100; the original: 8."""
    regularization: float = 50.0
    """L2 penalty of the factorization, of iALS in the further parts too."""
    count_power: float = 0.0
    """How the penalty of a row grows with its entries, 0 to 1 (Rendle et al. 2022); 0: not at all."""
    alpha: float = 10.0
    """iALS: weight of a positive against a missing entry. Unused by the others."""
    rated_factors: int = 0
    """Second part: entries from iALS on all that was rated, liked or not. 0: none (paper and original)."""
    rated_weight: float = 1.0
    """Size of the second part's scores, against 1 for the first."""
    stars_factors: int = 0
    """Third part: entries from PMF on the stars. 0: none (paper and original)."""
    stars_weight: float = 0.35
    """Size of the third part's scores."""
    stars_regularization: float = 10.0
    """L2 penalty of the third part."""
    n_iterations: int = 15
    """Sweeps of alternating least squares."""
    learning_rate: float = 0.0
    """Rate at which RL goes on moving the vectors; 0 keeps them fixed."""

    def __post_init__(self) -> None:
        _require_finite(self)
        _require_positive(self, "n_factors", "n_iterations", "alpha")
        names = ("regularization", "learning_rate", "rated_factors", "rated_weight")
        for name in (*names, "stars_factors", "stars_weight", "stars_regularization"):
            _require(getattr(self, name) >= 0, self, name, "0 or more")
        _require_share(self, "count_power")
        _require(
            self.learning_rate == 0 or self.length == self.n_factors, self, "learning_rate", "0 when parts are joined"
        )

    @property
    def length(self) -> int:
        """k, the length of a user's and an item's vector, and so of an action: that of all parts."""
        return self.n_factors + self.rated_factors + self.stars_factors


@dataclass(frozen=True)
class EnvironmentConfig:
    """How a user answers (chapter 2)."""

    candidates: Literal["balanced", "catalogue"] = "balanced"
    """What can be shown: the user's positives and as many other items (the original), or the whole catalogue."""
    reward: Literal["binary", "centred"] = "binary"
    """binary: 1 for a like (the original); centred: (rating - 3) / 2 for five stars (the paper)."""
    max_steps: int | None = None
    """Items shown in an episode at most; None: as many as the user has positives (the original). The paper: 10."""
    num_envs: int = 256
    """Users served at once. The original: 1."""
    min_positives: int = 1
    """Users with fewer training positives are not played with (the original's rule)."""

    def __post_init__(self) -> None:
        _require_positive(self, "num_envs", "min_positives")
        _require(self.max_steps is None or self.max_steps > 0, self, "max_steps", "above 0, or None")


@dataclass(frozen=True)
class AgentConfig:
    """Networks and update (chapters 3 to 5)."""

    state: StateName = "drr-ave"
    """State representation."""
    memory_size: int = 5
    """N, the latest liked items that the state is made of. Paper and original: 5."""
    actor_hidden: tuple[int, ...] = ()
    """Hidden layers of the actor. The paper's figure has two; the original has one of 16."""
    critic_state_hidden: tuple[int, ...] = ()
    """Layers of the critic that see the state alone. The paper's figure has one; the original none."""
    critic_hidden: tuple[int, ...] = (64,)
    """Layers of the critic after the action has joined. The paper's figure has two; the original one of 16."""
    bounded_actions: bool = True
    """tanh at the actor's end (the paper). Without it the actor can raise Q by growing (the original)."""
    warm_start: bool = True
    """The untrained actor returns the user's pre-trained vector; what it learns corrects that."""
    memory_weight: float = 0.0
    """How much of what the memory alone says joins a warm start, against 1 for the user's vector: for data where
    what was liked last tells what comes next."""
    memory_ridge: float = 1.0
    """L2 penalty of reading the memory, in units of the mean square of the items' entries, summed over items.
    Unused without a `memory_weight`."""
    correction: Literal["sum", "gates"] = "gates"
    """What the actor's output does to a warm start, before the tanh. sum: it is added; gates: each entry is
    multiplied by 1 + output, so that the agent weighs a user's patterns of taste and invents none."""
    critic_products: bool = True
    """The critic also sees the warm start times the action, entry by entry: their sum is the score before RL."""
    critic_sees: Literal["item", "action"] = "item"
    """item: the critic learns from the vector of the item that was shown, and judges the actor by the items that
    its vector selects, softly; action: it learns from and judges the actor's vector itself (the original).
    """
    slate_size: int = 100
    """The actor is judged by Q of each item that it selects, softly, from a random slate of so many items, the
    shown one among them; 0: by Q of the mean of what it selects from the whole catalogue. Unused when the critic
    sees actions."""
    slate_top: int = 10
    """Items that are selected from a slate."""
    slates: int = 128
    """Slates in an update, one for each of the first transitions of the batch."""
    gamma: float = 0.0
    """Discount of future rewards, 0 to 1. The original: 0.8."""
    tau: float = 0.02
    """Share of the online weights that enters the target networks at each update: of what they were born as,
    (1 - tau)^updates is left. The original: 0.001, with some hundred thousand updates.
    """
    value_limit: float = 10.0
    """Targets are clipped to +- this, but never below what can be earned, r_max / (1 - gamma). The original: 10."""
    twin_critics: bool = False
    """Two critics, the smaller target counts (Fujimoto et al. 2018)."""
    policy_delay: int = 1
    """Updates of the critic for each one of the actor (Fujimoto et al. 2018)."""
    target_noise: float = 0.0
    """Standard deviation of the noise on the target action, clipped at twice itself (Fujimoto et al. 2018)."""
    policy_weight: float = 1.0
    """Weight of -Q in the actor's loss. Beside another term, -Q is divided by the mean absolute Q (Fujimoto & Gu
    2021). 0: no RL.
    """
    behaviour_weight: float = 0.0
    """Weight of the squared distance to the warm start in the actor's loss, after TD3+BC (Fujimoto & Gu 2021).
    0: none.
    """
    supervised_weight: float = 0.0
    """Weight of the cross-entropy in the actor's loss: an item that earned a reward against the catalogue. 0: none."""
    dislikes_last: bool = False
    """What a user is known to dislike is scored last."""
    temperature: float = 0.2
    """Divides the scores before items are selected softly; smaller is sharper."""
    optimizer: Literal["adam", "adamw", "ranger"] = "adam"
    """ranger: Lookahead over RAdam, as in the original."""
    actor_lr: float = 2e-4
    """Learning rate of the actor, for a state of up to 3 k numbers (DRR-ave, DRR-att); longer states get less."""
    critic_lr: float = 3e-3
    """Learning rate of the critic."""
    state_lr: float = 1e-4
    """Learning rate of the state representation."""
    actor_decay: float = 0.0
    """Weight decay of the actor."""
    critic_decay: float = 1e-4
    """Weight decay of the critic."""
    state_decay: float = 0.0
    """Weight decay of the state representation and of moving vectors."""

    def __post_init__(self) -> None:
        _require_finite(self)
        _require_positive(self, "memory_size", "value_limit", "policy_delay", "temperature", "slate_top", "slates")
        _require(self.slate_size == 0 or self.slate_size > self.slate_top, self, "slate_size", "0, or above slate_top")
        _require_share(self, "gamma", "tau")
        weights = ("policy_weight", "behaviour_weight", "supervised_weight", "memory_weight", "memory_ridge")
        for name in (
            *weights,
            "target_noise",
            *(f"{part}_{what}" for part in ("actor", "critic", "state") for what in ("lr", "decay")),
        ):
            _require(getattr(self, name) >= 0, self, name, "0 or more")
        for name in ("actor_hidden", "critic_state_hidden", "critic_hidden"):
            _require(all(size > 0 for size in getattr(self, name)), self, name, "sizes above 0")
        _require(self.bounded_actions or not self.warm_start, self, "warm_start", "off when actions are unbounded")
        _require(self.warm_start or self.behaviour_weight == 0, self, "behaviour_weight", "0 without a warm start")


@dataclass(frozen=True)
class TrainingConfig:
    """The loop: act, step, store, sample, update (chapter 5)."""

    passes: float = 12.0
    """Steps of training, in units of one pass: the positives of all users that are played with. The original: 1."""
    batch_size: int = 1024
    """Transitions in an update. The original: 512."""
    steps_per_update: int = 128
    """Environment steps between updates, over all users. The original: 1."""
    critic_first: float = 0.27
    """Share of the training in which the critic alone learns: untrained, it leads a warm start astray."""
    buffer_size: int = 1_000_000
    """Transitions kept for replay. The original: 1,000,000."""
    replay: Literal["uniform", "prioritized"] = "uniform"
    """How transitions are sampled."""
    priority_alpha: float = 0.6
    """Prioritized replay: 0 is uniform, 1 proportional to the size of the TD error (Schaul et al. 2016)."""
    priority_beta: float = 0.4
    """Prioritized replay: first exponent of the importance weights; it grows to 1 during training."""
    exploration: Literal["none", "ou", "gaussian", "epsilon"] = "ou"
    """Noise on the action: Ornstein-Uhlenbeck (the later original), Gaussian, or a random vector now and then
    (the paper).
    """
    noise: float = 0.2
    """Size of the noise at the start: standard deviation, or epsilon."""
    final_noise: float = 0.02
    """Size of the noise at the end of training."""
    validation_share: float = 0.1
    """Share of the training positives that is held back to pick the best checkpoint."""
    reward_share: float = 0.2
    """Share of the other training positives that pay rewards; what is left makes embeddings and memories, so
    that the agent is rewarded for what it has not seen. 1: all of them do both (the original).
    """
    hold_back: Literal["random", "latest"] = "random"
    """Which positives validate and pay rewards. random: any; latest: each user's last ones by time, for an agent that
    is to find what comes next.
    """
    correction_shares: tuple[float, ...] = (1.0,)
    """How much of what a warm-started actor has learned may be kept once the vectors have taken in the rewarded
    part: the share that validates best. The better the vectors, the less there is to correct.
    """
    evaluations: int = 10
    """How often the agent is validated during training, at even distances."""
    checkpoints: int = 10
    """How often everything is saved for resuming, at even distances."""
    log_every: int = 1000
    """Environment steps between TensorBoard entries."""

    def __post_init__(self) -> None:
        _require_finite(self)
        _require_positive(
            self, "passes", "batch_size", "steps_per_update", "buffer_size", "evaluations", "checkpoints", "log_every"
        )
        _require_share(self, "priority_alpha", "priority_beta", "validation_share", "reward_share", "critic_first")
        _require(
            len(self.correction_shares) > 0 and all(0 <= share <= 1 for share in self.correction_shares),
            self, "correction_shares", "one or more numbers from 0 to 1",
        )  # fmt: skip
        _require(self.validation_share < 1, self, "validation_share", "below 1")
        _require(self.noise >= 0 and self.final_noise >= 0, self, "noise", "0 or more, like final_noise")


@dataclass(frozen=True)
class ExperimentConfig:
    """One experiment: data, agent, training, seed."""

    dataset: str = "ml-100k"
    """ml-100k, ml-1m, synthetic, or the path of a CSV, TSV or Parquet file with user, item, rating and, if
    there is one, timestamp.
    """
    split: Literal["rated", "original", "random", "leave-last-out", "temporal", "users"] = "original"
    """How training and test parts are divided (chapter 6). original: the notebook's, likes only; rated: the same
    test part, and four in five of the ratings of 3 and less to learn from.
    """
    seed: int = 0
    """Seed of everything random but the split. One seed gives one result on one machine, with one set of kernels,
    threads and library versions.
    """
    liked_above: float | None = None
    """A rating above this counts as liked, in data, rewards, baselines and evaluation alike. None: above 3 of 5 stars;
    any other scale is refused until it is said.
    """
    device: str = "cpu"
    """Where the networks live: cpu, cuda, ..."""
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    environment: EnvironmentConfig = field(default_factory=EnvironmentConfig)
    agent: AgentConfig = field(default_factory=AgentConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        _require(0 <= self.seed < 2**63, self, "seed", "from 0 to 2^63 - 1")

    def to_json(self) -> str:
        """The settings as indented JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The settings that `to_json` wrote. Raises `ValueError` for unknown or missing fields and for values
        out of range.
        """
        return _from_dict(cls, json.loads(text))


def _from_dict(cls: type[T], values: dict[str, Any]) -> T:
    hints = get_type_hints(cls)
    if not isinstance(values, dict) or set(values) != set(hints):
        given = set(values) if isinstance(values, dict) else set()
        raise ValueError(
            f"settings of {cls.__name__} must have exactly the fields of this version; "
            f"unknown: {sorted(given - set(hints))}, missing: {sorted(set(hints) - given)}"
        )
    for name, hint in hints.items():
        if dataclasses.is_dataclass(hint):
            values = {**values, name: _from_dict(hint, values[name])}  # type: ignore[arg-type]
        elif isinstance(values[name], list):
            values = {**values, name: tuple(values[name])}
    return cls(**values)


ORIGINAL = ExperimentConfig(
    dataset="ml-1m",
    embedding=EmbeddingConfig(method="scratch", n_factors=8, learning_rate=1e-5),
    environment=EnvironmentConfig(num_envs=1, min_positives=20),
    agent=AgentConfig(
        actor_hidden=(16,),
        critic_state_hidden=(),
        critic_hidden=(16,),
        bounded_actions=False,
        warm_start=False,
        critic_products=False,
        critic_sees="action",
        gamma=0.8,
        tau=1e-3,
        optimizer="ranger",
        actor_lr=1e-5,
        critic_lr=1e-5,
        state_lr=1e-5,
        actor_decay=1e-6,
        critic_decay=1e-4,
        state_decay=1e-3,
    ),
    training=TrainingConfig(
        passes=1.0,
        batch_size=512,
        steps_per_update=1,
        critic_first=0.0,
        replay="prioritized",
        exploration="none",
        reward_share=1.0,
        log_every=100,
    ),
)

DEFAULT = ExperimentConfig(
    split="rated",
    embedding=EmbeddingConfig(
        regularization=70.0, count_power=0.5, n_iterations=10, rated_factors=64, stars_factors=32
    ),
    agent=AgentConfig(slate_top=5, dislikes_last=True),
    training=TrainingConfig(passes=8.0, batch_size=512, correction_shares=(1.0, 0.75, 0.5, 0.25)),
)

NEXT = ExperimentConfig(
    split="leave-last-out",
    embedding=EmbeddingConfig(regularization=70.0, count_power=0.5, n_iterations=10),
    agent=AgentConfig(memory_weight=1.0, memory_ridge=0.3, slate_top=3, tau=0.05),
    training=TrainingConfig(
        passes=4.0, batch_size=512, hold_back="latest", validation_share=0.0061, reward_share=0.1,
        correction_shares=(1.0, 0.75, 0.5, 0.25),
    ),
)  # fmt: skip

PAPER = ExperimentConfig(
    split="random",
    embedding=EmbeddingConfig(method="pmf", n_factors=100, regularization=10.0),
    environment=EnvironmentConfig(candidates="catalogue", reward="centred", max_steps=10),
    agent=AgentConfig(
        actor_hidden=(128, 128),
        critic_state_hidden=(128,),
        critic_hidden=(128, 128),
        warm_start=False,
        critic_products=False,
        critic_sees="action",
        gamma=0.9,
        actor_lr=1e-4,
        critic_lr=1e-3,
    ),
    training=TrainingConfig(
        passes=6.0,
        batch_size=256,
        steps_per_update=64,
        replay="prioritized",
        exploration="epsilon",
        critic_first=0.0,
        reward_share=1.0,
    ),
)

SIMPLE = ExperimentConfig()

PRESETS: dict[str, ExperimentConfig] = {
    "default": DEFAULT,
    "simple": SIMPLE,
    "next": NEXT,
    "paper": PAPER,
    "original": ORIGINAL,
}
