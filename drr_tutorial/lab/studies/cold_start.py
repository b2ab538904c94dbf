"""Learning a user in forty steps: sessions with people of MovieLens 1M of whom nothing is known at first.

Five draws of users who are in no training data. Each step shows one film, none twice; what counts is how many were
liked after 10, 20 and 40. All methods play the same users by the same rules (`evaluate_sessions`). Their settings were
chosen by `search`, with users who validate in the first draw; some of them are in the tests of the other draws.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.agent import DRRAgent
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, user_split
from drr_tutorial.environment.taste import Taste, fit_taste, taste_of_factors
from drr_tutorial.evaluation.intervals import bootstrap_users, interval_over_seeds
from drr_tutorial.evaluation.sessions import evaluate_sessions
from drr_tutorial.lab.studies.runner import DETAIL, Figures, Row, Study
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import EASERecommender, IALSRecommender, PopularityRecommender
from drr_tutorial.recommenders.gaussian import GaussianRecommender
from drr_tutorial.worlds.cold_start import ColdStartVectorEnv, observation_after

DATA = "ml-1m"
DRAWS, FEW_DRAWS = tuple(range(5)), tuple(range(2))
LENGTHS = (10, 20, 40)
GAMMAS = (0.0, 0.5, 0.9)
STEPS, PLACES = 150_000, 256
FIVE_STEPS = "DRR, gamma 0.9, five steps"
TRIED_STEPS = (50_000, 150_000, 300_000)
GAUSSIAN: dict[str, Any] = {"n_components": 32, "noise_scale": 1.5}
SETTINGS: dict[str, Any] = {  # of the agent: the simple one, told that its list is one film
    "config": "simple", "slate_size": 500, "slate_top": 1, "temperature": 0.05, "noise": 0.05,
}  # fmt: skip


@dataclass
class FactorGaussian(GaussianRecommender):
    """The same conditioning with the items' vectors of iALS and the spread of its users' vectors: a fold-in that
    uses dislikes.
    """

    name = "iALS, dislikes too"
    regularization: float = 100.0

    def _fit(self, ratings: Ratings) -> None:
        ials = IALSRecommender(self.n_components, self.regularization, seed=self.seed)
        ials.fit(ratings)
        likes = ratings.positives().matrix()[np.unique(ratings.users)]
        users = ials.embeddings.fold_in(likes)
        self.taste = taste_of_factors(users, ials.embeddings.items, likes, self.noise_scale)


METHODS: dict[str, Callable[[], Recommender]] = {
    "popularity": PopularityRecommender,
    "EASE": partial(EASERecommender, regularization=1000.0),
    "iALS": partial(IALSRecommender, n_factors=64, regularization=30.0),
    "iALS, dislikes too": partial(FactorGaussian, regularization=100.0, noise_scale=0.5),
    "Gaussian": partial(GaussianRecommender, **GAUSSIAN),
    "LinUCB": partial(GaussianRecommender, **GAUSSIAN, explore="ucb", width=0.1),
    "Thompson": partial(GaussianRecommender, **GAUSSIAN, explore="thompson"),
}
SEARCHED: dict[str, list[Callable[[], Recommender]]] = {
    "EASE": [partial(EASERecommender, regularization=weight) for weight in (200.0, 500.0, 1000.0, 2000.0)],
    "iALS": [
        partial(IALSRecommender, n_factors=n, regularization=weight) for n, weight in product((32, 64), (30.0, 100.0))
    ],
    "iALS, dislikes too": [
        partial(FactorGaussian, regularization=weight, noise_scale=noise)
        for weight, noise in product((100.0, 300.0), (0.25, 0.5, 1.0))
    ],
    "Gaussian": [
        partial(GaussianRecommender, n_components=n, noise_scale=noise)
        for n, noise in product((32, 64), (1.0, 1.5, 2.0))
    ],
    "LinUCB": [partial(GaussianRecommender, **GAUSSIAN, explore="ucb", width=width) for width in (0.1, 0.3, 1.0)],
}


class InSessions(NamedTuple):
    """An agent of the world of cold-start sessions, as `evaluate_sessions` asks a recommender."""

    agent: DRRAgent
    taste: Taste
    ratings: Ratings
    label: str

    def scores_after(self, answers: csr_array) -> NDArray[np.float32]:
        """(m, n_items) by what m people answered, (m, n_items): 1 liked, -1 not."""
        return self.agent.scores(observation_after(self.taste, answers))


def rows() -> list[Row]:
    """A training of each draw and discount, then the other methods, then the search for their settings."""
    trainings: dict[str, Callable[..., Figures]] = {f"drr-{gamma:g}": partial(trained, gamma=gamma) for gamma in GAMMAS}
    trainings["drr-five-steps"] = far_ahead
    players: dict[str, Callable[..., Figures]] = {key(name): partial(played, name) for name in METHODS}
    return [
        *(
            Row(f"{name}.{draw}", partial(compute, draw), full_only=draw not in FEW_DRAWS)
            for name, compute in {**trainings, **players, "people": people}.items()
            for draw in DRAWS
        ),
        *(Row(f"search-{key(name)}", partial(search, name), full_only=True) for name in SEARCHED),
        Row("search-DRR", search_agent, full_only=True),
    ]


def key(name: str) -> str:
    """A name as rows have it."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def divided(draw: int) -> Split:
    """A tenth of the users for the test, whole."""
    return user_split(load_ratings(DATA), seed=draw, validation_fraction=0.1)


def people(draw: int) -> Figures:
    """Who is in the test, in the order of all reports."""
    test = divided(draw).test
    ids = test.user_ids[np.unique(test.users)].tolist()
    return {"users": len(ids), DETAIL: ids}


def played(name: str, draw: int) -> Figures:
    """Likes of a method that has met everybody but the users of the test."""
    split = divided(draw)
    return _likes(METHODS[name]().fit(split.train), split.test)


def search(name: str) -> Figures:
    """Likes of a method with several settings, of the users that validate in the first draw."""
    split = divided(DRAWS[0])
    likes = {}
    for make in SEARCHED[name]:
        method = make()
        likes[repr(method)] = _likes(method.fit(split.fit), split.validation)["after"]["40"]
    return {"likes": likes, "chosen": repr(METHODS[name]())}


def trained(draw: int, gamma: float) -> Figures:
    """Likes of an agent that learned in sessions with everybody but the users of the test."""
    split = divided(draw)
    return _likes(learned(split.train, draw, gamma, STEPS), split.test)


def far_ahead(draw: int) -> Figures:
    """The same for an agent that looks far ahead, with rewards that reach its target over five steps (chapter 8)."""
    split = divided(draw)
    likes = split.train.positives().matrix()[np.unique(split.train.users)]
    taste = fit_taste(likes, GAUSSIAN["n_components"], np.random.default_rng(0), GAUSSIAN["noise_scale"])
    users = ColdStartVectorEnv(likes, taste, PLACES)
    agent = DRRAgent(users, seed=draw, gamma=GAMMAS[-1], n_steps=5, **SETTINGS).learn(STEPS)
    return _likes(InSessions(agent, taste, split.train, FIVE_STEPS), split.test)


def search_agent() -> Figures:
    """Likes of the agent after shorter and longer trainings, of the users that validate in the first draw."""
    split = divided(DRAWS[0])
    likes = {
        str(steps): _likes(learned(split.fit, 0, 0.0, steps), split.validation)["after"]["40"] for steps in TRIED_STEPS
    }
    return {"likes": likes, "chosen": str(STEPS)}


def learned(ratings: Ratings, seed: int, gamma: float, steps: int) -> InSessions:
    """An agent that played sessions with the users of these ratings."""
    likes = ratings.positives().matrix()[np.unique(ratings.users)]
    taste = fit_taste(likes, GAUSSIAN["n_components"], np.random.default_rng(0), GAUSSIAN["noise_scale"])
    agent = DRRAgent(ColdStartVectorEnv(likes, taste, PLACES), seed=seed, gamma=gamma, **SETTINGS).learn(steps)
    return InSessions(agent, taste, ratings, f"DRR, gamma {gamma:g}")


def _likes(method: Any, test: Ratings) -> Figures:
    """Mean likes after 10, 20 and 40 films, and those after 40 of each user."""
    report = evaluate_sessions(method, test, steps=LENGTHS, seed=0)
    return {
        "after": {str(length): report.mean(f"reward@{length}") for length in LENGTHS},
        DETAIL: report.values[f"reward@{LENGTHS[-1]}"].tolist(),
    }  # fmt: skip


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """Likes of each method after 10, 20 and 40 films, each draw and their mean; and differences after 40, with an
    interval over users (all draws, paired) and one over draws.
    """
    methods = {name: _over_draws(figures, key(name)) for name in METHODS}
    methods |= {f"DRR, gamma {gamma:g}": _over_draws(figures, f"drr-{gamma:g}") for gamma in GAMMAS}
    methods[FIVE_STEPS] = _over_draws(figures, "drr-five-steps")
    agent, bar = "drr-0", key("Gaussian")
    return {
        "methods": methods,
        "DRR minus": {name: _difference(figures, agent, key(name)) for name in METHODS},
        "exploring adds": {name: _difference(figures, key(name), bar) for name in ("LinUCB", "Thompson")},
        "looking ahead adds": {
            **{f"{gamma:g}": _difference(figures, f"drr-{gamma:g}", agent) for gamma in GAMMAS[1:]},
            "0.9, five steps": _difference(figures, "drr-five-steps", agent),
        },
        "dislikes add": _difference(figures, key("iALS, dislikes too"), key("iALS")),
        "search": {name: figures[row] for name in [*SEARCHED, "DRR"] if (row := f"search-{key(name)}") in figures},
    }


def _over_draws(figures: Mapping[str, Figures], name: str) -> Figures:
    found = _draws(figures, name)
    after = {length: [row["after"][length] for row in found] for length in map(str, LENGTHS)}
    return {length: {"draws": likes, **interval_over_seeds(np.array(likes))} for length, likes in after.items()}


def _difference(figures: Mapping[str, Figures], one: str, other: str) -> Figures:
    """Of likes after 40, one minus the other; as a share of the other's mean, too."""
    both = zip(_draws(figures, one), _draws(figures, other), strict=True)
    pairs = [[np.array(row[DETAIL]) for row in rows] for rows in both]
    each = np.concatenate([a - b for a, b in pairs])
    share = each.mean() / np.concatenate([b for _, b in pairs]).mean()
    ids = np.concatenate([row[DETAIL] for row in _draws(figures, "people")])
    _, user = np.unique(ids, return_inverse=True)  # somebody may be in several draws, and counts as one
    return {
        "over users": bootstrap_users(np.bincount(user, each), np.bincount(user))._asdict(),
        "over draws": interval_over_seeds(np.array([(a - b).mean() for a, b in pairs])),
        "share": float(share),
    }  # fmt: skip


def _draws(figures: Mapping[str, Figures], name: str) -> list[Figures]:
    return [figures[row] for draw in DRAWS if (row := f"{name}.{draw}") in figures]


STUDY = Study(
    name="cold-start",
    title="Learning a user of MovieLens 1M in forty steps, five draws of users",
    rows=rows,
    summarize=summarize,
    data=(DATA,),
    seeds=DRAWS,
    full_only=True,
)
