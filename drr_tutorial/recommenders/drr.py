"""DRR behind the recommender protocol: what users hold, save and ask for recommendations.

`fit` divides the training data: one part makes embeddings and memories, one pays rewards, one validates
(chapter 5). Afterwards the embeddings take in all of it.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor

from drr_tutorial.actor_critic.devices import is_there, require_device
from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.merge import Merged
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.environment import rewards
from drr_tutorial.environment.memory import latest_liked
from drr_tutorial.recommenders.answers import likes_among
from drr_tutorial.recommenders.base import Recommender, Scores
from drr_tutorial.recommenders.dislikes_last import disliked_among, dislikes_last
from drr_tutorial.recommenders.similar import cosine
from drr_tutorial.recommenders.validation import Validation
from drr_tutorial.representation.answers import fold_in_jointly
from drr_tutorial.representation.by_name import state_class
from drr_tutorial.representation.embeddings import ALPHA, Embeddings, scaled, scaled_users
from drr_tutorial.representation.growth import grown
from drr_tutorial.representation.joint import JointEmbeddings, part_settings, pretrain
from drr_tutorial.storage import as_path
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.on_device import kinds_for
from drr_tutorial.training.on_log import parts_on_log


@dataclass
class DRRRecommender(Recommender):
    """A DRR agent: `DRRRecommender().fit(ratings).recommend(user, k)`.

    `config` is an `ExperimentConfig`, of which dataset and split are not looked at, or the name of a preset.
    With `folder`, `fit` keeps logs and checkpoints there and goes on from what it finds. After `fit`, `history` holds
    the validation figures, and `correction_share` how much of the learned correction the final vectors kept.
    A subclass may learn by another `update`, with another kind of networks.
    """

    name = "DRR"
    update: ClassVar[type[DDPG]] = DDPG
    network_kind: ClassVar[type[ActorCritic]] = ActorCritic
    config: ExperimentConfig | str = "default"
    folder: str | Path | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        rule = f"config must be an ExperimentConfig or one of {sorted(PRESETS)}, got {self.config!r}"
        if isinstance(self.config, str) and self.config not in PRESETS:
            raise ValueError(rule)
        if not isinstance(self.config, str | ExperimentConfig):
            raise TypeError(rule)
        self._config = PRESETS[self.config] if isinstance(self.config, str) else self.config
        require_known(self._config)
        self.history: list[dict[str, float]] = []
        self.correction_share = 1.0

    def settings(self) -> dict[str, Any]:
        """The configuration, JSON-able."""
        return dict(json.loads(self._config.to_json()))

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """An unfitted agent with what `settings` returned."""
        return cls(ExperimentConfig.from_json(json.dumps(settings)))

    def before_training(self) -> "DRRRecommender":
        """The same agent with an actor that has learned nothing, so that what training adds can be seen.

        Raises `ValueError` without a warm start, where there is no such agent.
        """
        if not self._config.agent.warm_start:
            raise ValueError("before_training needs agent.warm_start=True: without it an untrained actor is random")
        untrained = copy.copy(self)
        untrained.networks = copy.deepcopy(self.networks)
        untrained.networks.actor.temper(0.0)
        return untrained

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores for newcomers, folded into the user vectors."""
        vectors = self.embeddings.fold_in(histories)
        if self.embeddings.method != "scratch":
            vectors = scaled_users(vectors)
        return self._scores(torch.from_numpy(vectors), _latest(histories, self._config.agent.memory_size))

    def _fit(self, ratings: Ratings) -> None:
        require_device(self._config)
        self.correction_share = 1.0
        parts = self._divide(ratings)
        self.embeddings = self._pretrain(parts["known"], None)
        self.networks = self._build(self.embeddings)
        known = None if self._config.training.reward_share == 1 else parts["known"]
        kinds = kinds_for(self._config, self.update)
        trainer = kinds.trainer(
            **parts_on_log(self._config, parts["rewarded"], self.networks, history=known, update=kinds.update),
            validate=self._validation(parts),
            folder=None if self.folder is None else as_path(self.folder),
            progress=self.progress,
        )
        self.history = trainer.run()
        if self._config.agent.warm_start and self._config.embedding.learning_rate == 0:
            self._temper(parts)
            self._take_in(ratings)

    def _take_in(self, ratings: Ratings) -> None:
        """Go on with vectors that know all of `ratings`: a warm start follows them, and the correction is of its
        patterns. What an actor without one has learned fits its own vectors only.
        """
        self.embeddings = self._pretrain(ratings, self.embeddings)
        self.networks.replace_vectors(*scaled(self.embeddings))

    def _temper(self, parts: dict[str, Ratings]) -> None:
        """Keep as much of the learned correction as validates best once the vectors know what was rewarded.

        The better the vectors, the less there is to correct.
        """
        validate = self._validation(parts)
        if validate is None:
            return
        self._take_in(parts["others"])
        figures = {}
        for share in self._config.training.correction_shares:
            with self.networks.actor.tempered(share):
                figures[share] = sum(validate(self.networks).values())
        self.correction_share = max(figures, key=lambda share: figures[share])
        self.networks.actor.temper(self.correction_share)

    def _divide(self, ratings: Ratings) -> dict[str, Ratings]:
        """Known, rewarded and validation parts, and the others, which are all but validation. What was not liked is
        known, where it pays nothing; where it pays or costs something, it is divided as the likes are.
        """
        settings, share = self._config.training, self._config.training.reward_share
        liked, disliked = self._held_back_first(ratings), self._disliked_rows(ratings)
        n_validation = int(settings.validation_share * len(liked))
        validation, others = liked[:n_validation], liked[n_validation:]
        n_rewarded = max(1, round(share * len(others)))
        n_costly = round(share * len(disliked)) if self._dislikes_count(ratings) or share == 1 else 0
        known = np.concatenate([others, disliked])
        if share < 1:
            known = np.concatenate([others[n_rewarded:], disliked[n_costly:]])
        if len(others) == 0 or (share < 1 and n_rewarded == len(others)):
            raise DataError(
                f"ratings must hold enough positives for known, rewarded and validation parts, got {len(liked)}; "
                "give more data, or set training.reward_share=1 and training.validation_share=0"
            )
        rows = {
            "known": known,
            "rewarded": np.concatenate([others[:n_rewarded], disliked[:n_costly]]),
            "validation": validation,
            "others": np.concatenate([others, disliked]),
        }
        return {name: ratings.select(np.sort(part)) for name, part in rows.items()}

    def _dislikes_count(self, ratings: Ratings) -> bool:
        """Whether the reward for a dislike is ever another one than 0."""
        return bool(rewards.earned(ratings, self._config.environment.reward)[~ratings.liked].any())

    def _disliked_rows(self, ratings: Ratings) -> NDArray[np.int64]:
        """The positions of all dislikes, in random order."""
        rng = np.random.default_rng([self._config.seed, 3])
        return rng.permutation(np.flatnonzero(~ratings.liked))

    def _held_back_first(self, ratings: Ratings) -> NDArray[np.int64]:
        """The positions of all likes, those that are held back first: any, or each user's latest, the same share of
        everybody's.
        """
        settings, rng = self._config.training, np.random.default_rng([self._config.seed, 1])
        liked: NDArray[np.int64] = rng.permutation(np.flatnonzero(ratings.liked))
        if settings.hold_back == "random":
            return liked
        return liked[np.argsort(_relative_age(ratings.select(liked)), kind="stable")]

    def _pretrain(self, ratings: Ratings, start: JointEmbeddings | None) -> JointEmbeddings:
        config = self._config
        return pretrain(
            ratings, config.embedding, seed=config.seed, start=start, progress=self.progress, device=config.device
        )

    def _build(self, embeddings: JointEmbeddings) -> ActorCritic:
        vectors = (embeddings.users, embeddings.items) if embeddings.method == "scratch" else scaled(embeddings)
        generator = torch.Generator().manual_seed(self._config.seed)
        device = self._config.device if is_there(self._config.device) else "cpu"  # a GPU's agent, loaded elsewhere
        return self.network_kind(self._config.agent, *vectors, generator).to(device)

    def _validation(self, parts: dict[str, Ratings]) -> "Validation | None":
        """None when there is nothing to validate on: no rows, or a user who likes the whole catalogue."""
        likes = np.bincount(np.concatenate([parts["others"].positives().users, parts["validation"].users]))
        n_rated = len(np.union1d(parts["others"].items, parts["validation"].items))
        if len(parts["validation"]) == 0 or likes.max() >= n_rated:
            return None
        agent, seed = self._config.agent, self._config.seed
        return Validation(
            parts["others"], parts["validation"], agent.memory_size, seed, dislikes_last=agent.dislikes_last
        )

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return self._scores_with(users, self.memory[users])

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """The user's own vector, and the memory moved on by what was liked."""
        size = self._config.agent.memory_size
        return self._scores_with(users, _moved_on(self.memory[users], _latest(likes, size), likes.shape[1]))

    def _scores_with(self, users: NDArray[np.integer[Any]], memory: NDArray[np.int64]) -> Scores:
        vectors = self.networks.users.weight[torch.as_tensor(users, device=self.networks.users.weight.device).long()]
        scores = self._scores(vectors, memory)
        return dislikes_last(scores, self._disliked[users]) if self._config.agent.dislikes_last else scores

    @torch.inference_mode()
    def _scores(self, user_vectors: Tensor, memory: NDArray[np.int64]) -> Scores:
        device = self.networks.items.weight.device
        state = self.networks.see_vectors(user_vectors.to(device), torch.from_numpy(memory).to(device))
        scores: Scores = (self.networks.act(state) @ self.networks.item_vectors().T).cpu().numpy()
        return scores

    def _remember(self, ratings: Ratings) -> None:
        super()._remember(ratings)
        self.memory = latest_liked(ratings, self._config.agent.memory_size)
        self._disliked = ratings.select(~ratings.liked).matrix()

    def _scores_by_answers(self, answers: csr_array) -> Scores:
        """Likes alone are folded in; with dislikes, both are, and the memory holds the likes."""
        likes, disliked = likes_among(answers), disliked_among(answers)
        if disliked.nnz == 0 or self.embeddings.method == "scratch":
            return self.scores_for(likes)
        vectors = scaled_users(fold_in_jointly(self.embeddings, self.ratings.positives().matrix(), answers))
        scores = self._scores(torch.from_numpy(vectors), _latest(likes, self._config.agent.memory_size))
        return dislikes_last(scores, disliked) if self._config.agent.dislikes_last else scores

    def _similarities(self, items: NDArray[np.integer[Any]]) -> Scores:
        return cosine(self.networks.item_vectors().detach().cpu().numpy(), items)

    def _partial_fit(self, merged: Merged) -> None:
        """The vectors take in what is new; actor, critic and state stay as they were trained."""
        if self.embeddings.method == "scratch" or self._config.embedding.learning_rate > 0:
            raise ValueError(
                "partial_fit needs vectors that are made of ratings alone, which random ones (embedding.method) and "
                "those that RL moves (embedding.learning_rate) are not; fit anew"
            )
        kinds, old = part_settings(self._config.embedding), self.embeddings
        parts = (grown(part, merged, kind.signal) for part, kind in zip(old.parts, kinds, strict=True))
        self.embeddings = JointEmbeddings(tuple(parts), old.weights)
        trained = {n: p for n, p in self.networks.named_parameters() if n not in ("users.weight", "items.weight")}
        self.networks = self._build(self.embeddings)
        self.networks.load_state_dict({**self.networks.state_dict(), **trained})

    def _arrays(self) -> dict[str, NDArray[Any]]:
        weights = {f"networks/{name}": value.cpu().numpy() for name, value in self.networks.state_dict().items()}
        for number, part in enumerate(self.embeddings.parts):
            weights |= {f"part/{number}/users": part.users, f"part/{number}/items": part.items}
        return weights | {"memory": self.memory}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        settings = self._config.embedding
        kinds = part_settings(settings)
        parts = tuple(
            Embeddings(arrays[f"part/{number}/users"], arrays[f"part/{number}/items"], kind.method, kind.regularization,
                       ALPHA, settings.count_power, settings.weighted and kind.method == "ials")
            for number, kind in enumerate(kinds)
        )  # fmt: skip
        self.embeddings = JointEmbeddings(parts, tuple(kind.weight for kind in kinds))
        self.networks = self._build(self.embeddings)
        weights = {
            name.removeprefix("networks/"): torch.from_numpy(a)
            for name, a in arrays.items()
            if name.startswith("networks/")
        }
        self.networks.load_state_dict(weights)


def require_known(config: ExperimentConfig) -> None:
    """Raises `ValueError` for a state representation or a reward that nobody has entered."""
    state_class(config.agent.state)
    rewards.named(config.environment.reward, "EnvironmentConfig.reward")


def _relative_age(ratings: Ratings) -> NDArray[np.float64]:
    """Of each row the share of its user's rows that are later, 0 for the latest; (n,). `DataError` without times."""
    if ratings.timestamps is None:
        raise DataError(f"hold_back='latest' needs timestamps and {ratings.name} has none; use hold_back='random'")
    order = np.lexsort((-ratings.timestamps, ratings.users))
    counts = np.bincount(ratings.users, minlength=ratings.n_users)
    starts = np.cumsum(counts) - counts
    later = np.empty(len(ratings), dtype=np.float64)
    later[order] = np.arange(len(ratings)) - starts[ratings.users[order]]
    return later / counts[ratings.users]


def _latest(histories: csr_array, memory_size: int) -> NDArray[np.int64]:
    """The last `memory_size` items of each row, padded on the left with n_items."""
    m, n_items = histories.shape
    rows = np.repeat(np.arange(m), np.diff(histories.indptr))
    place = memory_size - (histories.indptr[rows + 1] - np.arange(histories.nnz))
    memory = np.full((m, memory_size), n_items, dtype=np.int64)
    memory[rows[place >= 0], place[place >= 0]] = histories.indices[place >= 0]
    return memory


def _moved_on(memory: NDArray[np.int64], latest: NDArray[np.int64], padding: int) -> NDArray[np.int64]:
    """Memories (m, size) after the `latest` likes (m, size), both padded on the left."""
    both = np.hstack([memory, latest])
    padding_first = np.argsort(both != padding, axis=1, kind="stable")
    return np.take_along_axis(both, padding_first, axis=1)[:, -memory.shape[1] :]
