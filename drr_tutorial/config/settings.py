"""Every setting of an experiment: frozen, documented, checked, JSON in and out.

The text under a field is its documentation here, in the API pages and in `drr-tutorial train --help`. The fields' own
defaults are the preset `simple`, the agent of chapters 2 to 6; `presets` has the others.
"""

import dataclasses
import json
from dataclasses import field
from typing import Annotated, Any, Literal, Self, TypeVar, get_type_hints

from pydantic import Field

from drr_tutorial.config.checked import Count, Natural, NotNegative, Positive, Share, require, settings

T = TypeVar("T")
LOG_ONLY = frozenset(
    {"dislikes_last", "passes", "validation_share", "reward_share", "hold_back", "correction_shares", "evaluations"}
)
"""Settings of agent and training that change nothing in a world, where there is no log of ratings."""
ADDED = {"weighted": False}
"""Settings that saves of earlier versions lack, and what these versions did."""
StateName = Literal["drr-p", "drr-u", "drr-ave", "drr-att"]


@settings
class EmbeddingConfig:
    """User and item vectors before RL."""

    method: Literal["ials", "pmf", "scratch"] = "ials"
    """ials: implicit alternating least squares (Hu et al. 2008); pmf: probabilistic matrix factorization (the
    paper's); scratch: small random numbers, learned by RL alone (the original). Only training data is used.
    """
    n_factors: Count = 64
    """Length of a vector, and of an action where no further parts join. The paper: 100; the original: 8."""
    regularization: NotNegative = 50.0
    """L2 penalty of the factorization, of iALS in the further parts too."""
    count_power: Share = 0.0
    """How the penalty of a row grows with its entries, 0 to 1 (Rendle et al. 2022); 0: not at all."""
    rated_factors: Natural = 0
    """Second part: entries from iALS on all that was rated, liked or not. 0: none (paper and original)."""
    stars_factors: Natural = 0
    """Third part: entries from PMF on the stars. 0: none (paper and original)."""
    n_iterations: Count = 15
    """Sweeps of alternating least squares."""
    weighted: bool = False
    """Whether iALS weighs a like by its count, in data of kind counts: alpha (1 + ln count). Likes of
    somebody new, of whom no counts are known, weigh alpha."""
    learning_rate: NotNegative = 0.0
    """Rate at which RL goes on moving the vectors; 0 keeps them fixed."""

    def __post_init__(self) -> None:
        fits = self.learning_rate == 0 or self.length == self.n_factors
        require(fits, self, "learning_rate", "0 when parts are joined")
        counted = self.method == "ials" or self.rated_factors > 0
        require(counted or not self.weighted, self, "weighted", "False where iALS makes no part")

    @property
    def length(self) -> int:
        """k, the length of a user's and an item's vector, and so of an action: that of all parts."""
        return self.n_factors + self.rated_factors + self.stars_factors


@settings
class EnvironmentConfig:
    """How a user answers (chapter 2)."""

    candidates: Literal["balanced", "catalogue"] = "balanced"
    """What can be shown: the user's positives and as many other items (the original), or the whole catalogue."""
    reward: Literal["binary", "centred"] | str = "binary"
    """By its name in `environment.rewards.REWARDS`. binary: 1 for a like (the original); centred: (rating - 3) / 2 for
    five stars (the paper).
    """
    max_steps: Count | None = None
    """Items shown in an episode at most; None: as many as the user has positives (the original). The paper: 10."""
    num_envs: Count = 256
    """Users served at once. The original: 1."""
    min_positives: Count = 1
    """Users with fewer training positives are not played with (the original's rule)."""


@settings
class AgentConfig:
    """Networks and update (chapters 3 to 5)."""

    state: StateName | str = "drr-ave"
    """State representation, by its name in `representation.states.STATES`; traces: of all that was shown and how it
    was answered (for worlds, see `representation.traces`).
    """
    memory_size: Count = 5
    """N, the latest liked items that the state is made of. Paper and original: 5."""
    actor_hidden: tuple[Count, ...] = ()
    """Hidden layers of the actor. The paper's figure has two; the original has one of 16."""
    critic_state_hidden: tuple[Count, ...] = ()
    """Layers of the critic that see the state alone. The paper's figure has one; the original none."""
    critic_hidden: tuple[Count, ...] = (64,)
    """Layers of the critic after the action has joined. The paper's figure has two; the original one of 16."""
    actions: Literal["bounded", "unit", "free"] = "bounded"
    """The actor's end. bounded: tanh (the paper); unit: its vectors have length 1; free: as they come (the original),
    and the actor can raise Q by growing.
    """
    warm_start: bool = True
    """The untrained actor returns the user's pre-trained vector; what it learns corrects that."""
    memory_weight: NotNegative = 0.0
    """How much of what the memory alone says joins a warm start, against 1 for the user's vector: for data where
    what was liked last tells what comes next."""
    memory_decay: Share = 1.0
    """What a like of the memory counts in that against the one after it, 0 to 1; 1: the order does not matter."""
    correction: Literal["sum", "gates", "shared gates"] = "gates"
    """What the actor's output does to a warm start, before the tanh. sum: it is added; gates: each entry is
    multiplied by 1 + output, so that the agent weighs a user's patterns of taste and invents none; shared gates: the
    same, with one output for all states, so that the agent learns what each pattern of taste is worth to everybody."""
    critic: Literal["joined", "linear", "mixed"] = "joined"
    """joined: the action joins the state's layers (the paper); linear: Q(s, e) = V(s) + g(s).F(e) with features F of
    the item, so that all items cost one matrix product; mixed: linear, and what was shown and liked may join g as it
    is, for worlds where an item is liked like those before it.
    """
    critic_products: bool = True
    """The critic also sees the warm start times the action, entry by entry: their sum is the score before RL."""
    critic_sees: Literal["item", "action"] = "item"
    """item: the critic learns from the vector of the item that was shown, and judges the actor by the items that
    its vector selects, softly; action: it learns from and judges the actor's vector itself (the original).
    """
    slate_size: Natural = 100
    """The actor is judged by Q of each item that it selects, softly, from a random slate of so many items, the
    shown one among them; 0: by Q of the mean of what it selects from the whole catalogue. Unused when the critic
    sees actions."""
    slate_top: Count = 10
    """Items that are selected from a slate; 1, for who is shown one item at a time: by softmax."""
    temperature: Positive = 0.2
    """Divides the scores before items are selected softly; the smaller, the sharper."""
    gamma: Share = 0.0
    """Discount of future rewards, 0 to 1. The original: 0.8."""
    n_steps: Annotated[int, Field(ge=1, le=255)] = 1
    """Steps whose rewards are summed before the target networks are asked for the rest."""
    tau: Share = 0.02
    """Share of the online weights that enters the target networks at each update: of what they were born as,
    (1 - tau)^updates is left. The original: 0.001, with some hundred thousand updates.
    """
    dislikes_last: bool = False
    """What a user is known to dislike is scored last."""
    optimizer: Literal["adam", "adamw", "ranger"] = "adam"
    """ranger: Lookahead over RAdam, as in the original."""
    actor_lr: NotNegative = 2e-4
    """Learning rate of the actor, for a state of up to 3 k numbers (DRR-ave, DRR-att); longer states get less."""
    critic_lr: NotNegative = 3e-3
    """Learning rate of the critic."""
    state_lr: NotNegative = 1e-4
    """Learning rate of the state representation."""
    actor_decay: NotNegative = 0.0
    """Weight decay of the actor."""
    state_decay: NotNegative = 0.0
    """Weight decay of the state representation and of moving vectors."""

    def __post_init__(self) -> None:
        require(self.slate_size == 0 or self.slate_size > self.slate_top, self, "slate_size", "0, or above slate_top")
        fits = self.actions == "bounded" or not self.warm_start
        require(fits, self, "warm_start", "off unless actions are bounded")
        require(
            self.critic == "joined" or not self.critic_products, self, "critic_products", "off unless critic is joined"
        )
        shared = self.correction == "shared gates"
        fits = not shared or (self.warm_start and not self.actor_hidden)
        require(
            fits, self, "correction", "'sum' or 'gates' unless there is a warm start and the actor has no hidden layer"
        )
        linear = self.critic == "joined" or self.critic_sees == "item"
        require(linear, self, "critic_sees", "'item' unless critic is joined")


@settings
class TrainingConfig:
    """The loop: act, step, store, sample, update (chapter 5)."""

    passes: Positive = 12.0
    """Steps of training, in units of one pass: the positives of all users that are played with. The original: 1."""
    batch_size: Count = 1024
    """Transitions in an update. The original: 512."""
    capacity: Count = 1_000_000
    """Transitions kept for replay at most. The original: a million."""
    steps_per_update: Count = 128
    """Environment steps between updates, over all users. The original: 1."""
    final_rate: Share = 1.0
    """Share of the learning rates that is left at the end of training; in between they fall on a straight line."""
    critic_first: Share = 0.27
    """Share of the training in which the critic alone learns: untrained, it leads a warm start astray."""
    replay: Literal["uniform", "prioritized"] = "uniform"
    """How transitions are sampled."""
    random_share: Share = 0.0
    """Share of the training, at its start, with vectors drawn at random; the original: 0."""
    exploration: Literal["none", "ou", "gaussian", "epsilon"] = "ou"
    """Noise on the action: Ornstein-Uhlenbeck (the later original), Gaussian, or a random vector now and then
    (the paper).
    """
    noise: NotNegative = 0.2
    """Size of the noise at the start: standard deviation, or epsilon."""
    final_noise: NotNegative = 0.02
    """Size of the noise at the end of training."""
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the training positives that is held back to pick the best checkpoint."""
    reward_share: Share = 0.2
    """Share of the other training positives that pay rewards; what is left makes embeddings and memories, so
    that the agent is rewarded for what it has not seen. 1: all of them do both (the original).
    """
    hold_back: Literal["random", "latest"] = "random"
    """Which positives validate and pay rewards. random: any; latest: each user's last ones by time, for an agent that
    is to find what comes next.
    """
    correction_shares: Annotated[tuple[Share, ...], Field(min_length=1)] = (1.0,)
    """How much of what a warm-started actor has learned may be kept once the vectors have taken in the rewarded
    part: the share that validates best. The better the vectors, the less there is to correct.
    """
    evaluations: Count = 10
    """How often the agent is validated during training, at even distances."""
    checkpoints: Count = 10
    """How often everything is saved for resuming, at even distances."""
    log_every: Count = 1000
    """Environment steps between TensorBoard entries."""


@settings
class ExperimentConfig:
    """One experiment: data, agent, training, seed."""

    dataset: str = "ml-100k"
    """ml-100k, ml-1m, synthetic, or the path of a file of your own (text with separators, Parquet, an archive) or of a
    folder in MovieLens' layout; drr-tutorial data shows what is read.
    """
    split: Literal["rated", "original", "random", "leave-last-out", "temporal", "users"] = "original"
    """How training and test parts are divided (chapter 6). original: the notebook's, likes only; rated: the same
    test part, and four in five of the ratings of 3 and less to learn from.
    """
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of everything random but the split. One seed gives one result on one machine, with one set of kernels,
    threads and library versions.
    """
    liked_above: float | None = None
    """A rating above this counts as liked, in data, rewards, baselines and evaluation alike. None: above 3 of 5 stars;
    any other scale is refused until it is said.
    """
    device: str = "cpu"
    """Where the networks live: cpu, cuda, ... On cuda users at play and replay do, too, in a training on a log with
    agent.n_steps 1.
    """
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    environment: EnvironmentConfig = field(default_factory=EnvironmentConfig)
    agent: AgentConfig = field(default_factory=AgentConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def to_json(self) -> str:
        """The settings as indented JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The settings that `to_json` wrote, in this version or in one before `ADDED`. Raises `ValueError` for unknown
        or missing fields and for values out of range.
        """
        return _from_dict(cls, json.loads(text))


def _from_dict(cls: type[T], values: dict[str, Any]) -> T:
    hints = get_type_hints(cls)
    if isinstance(values, dict):
        values = {name: value for name, value in ADDED.items() if name in hints} | values
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
