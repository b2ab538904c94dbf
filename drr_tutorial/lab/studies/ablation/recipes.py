"""The recipes of chapter 15, and one training of one: from the failing agent to the winning one, the winning one
without each ingredient, and with others that were tried.

All are judged on the same lists of ml-100k's test part, those of the likes. A recipe whose split is "original" learns
from likes only, one whose split is "rated" also from four in five of the ratings of 3 and less.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal, NamedTuple

from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.experiment import prepare
from drr_tutorial.lab.bars.without_rl import CorrectionWithoutRL
from drr_tutorial.lab.studies.ablation.variants import TD3Recommender, TowardsWarmStartRecommender
from drr_tutorial.lab.studies.fair.protocols import Figures, keep
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import EASERecommender, IALSRecommender, PopularityRecommender
from drr_tutorial.recommenders.dislikes_last import DislikesLast
from drr_tutorial.recommenders.drr import DRRRecommender

PROTOCOLS: tuple[Literal["unseen", "full"], ...] = ("unseen", "full")
DEFAULT = replace(PRESETS["default"], dataset="ml-100k")
LAST_STEP = "one gate for all"
SLOW = 2e-4  # learning rate of an actor that sees the state
KINDS: dict[str, Callable[..., DRRRecommender]] = {
    "no RL: gates by BPR": CorrectionWithoutRL,
    "no RL: gates by softmax": partial(CorrectionWithoutRL, loss="softmax"),
    "gamma 0.5, TD3's three tricks": TD3Recommender,
    "a term towards the warm start": TowardsWarmStartRecommender,
}
"""Recipes whose agent learns in another way."""


def change(config: ExperimentConfig, part: str = "", **settings: Any) -> ExperimentConfig:
    """The same configuration with other settings in one of its parts, or at its top."""
    if not part:
        return replace(config, **settings)
    return replace(config, **{part: replace(getattr(config, part), **settings)})  # type: ignore[arg-type]


class Recipe(NamedTuple):
    """A configuration, and with how many seeds it is trained."""

    config: ExperimentConfig
    n_seeds: int
    kind: Callable[..., DRRRecommender] = DRRRecommender


def steps() -> dict[str, Recipe]:
    """Each step has all of the one before it and something more, but for the first two: the original's loop is left for
    ours.

    The second to the fifth train for four passes, which is long enough to see what goes wrong. The sixth is the preset
    `simple`: several settings change with the critic.
    """
    original = change(PRESETS["original"], dataset="ml-100k")
    simple = change(PRESETS["simple"], dataset="ml-100k")
    sound = change(simple, "embedding", method="scratch", learning_rate=1e-3)
    sound = change(sound, "agent", warm_start=False, critic_products=False, critic_sees="action", gamma=0.8)
    sound = change(sound, "training", reward_share=1.0, critic_first=0.0, passes=4.0, batch_size=512)
    warm = replace(change(sound, "agent", warm_start=True, correction="sum"), embedding=simple.embedding)
    held_back = change(warm, "training", reward_share=simple.training.reward_share)
    gates = change(held_back, "agent", correction="gates")
    counts = change(simple, "embedding", regularization=70.0, count_power=0.5, n_iterations=10)
    tempered = change(DEFAULT, "agent", correction="gates", actor_lr=SLOW)
    joint = replace(
        tempered,
        agent=replace(tempered.agent, dislikes_last=False),
        training=replace(tempered.training, correction_shares=(1.0,)),
    )
    found = {
        # A quarter of a pass: a whole one takes minutes on ml-100k, and its reward has stopped rising long before.
        "the original's recipe": Recipe(change(original, "training", passes=0.25), 3),
        "bounded actions": Recipe(sound, 3),
        "warm start on iALS": Recipe(warm, 3),
        "rewards on likes held back": Recipe(held_back, 3),
        "gates": Recipe(gates, 3),
        "critic on items, slates": Recipe(simple, 3),
        "penalties grow with counts": Recipe(counts, 3),
        "joint vectors": Recipe(joint, 3),
        "dislikes last": Recipe(change(joint, "agent", dislikes_last=True), 3),
        "tempered corrections": Recipe(tempered, 3),
        LAST_STEP: Recipe(DEFAULT, 5),
    }
    return found


def without() -> dict[str, Recipe]:
    """The default with one ingredient taken away."""
    agent, training, embedding = (partial(change, DEFAULT, part) for part in ("agent", "training", "embedding"))
    found = {
        "no RL: gates by BPR": DEFAULT,
        "no RL: gates by softmax": DEFAULT,
        "rewards on known likes": training(reward_share=1.0),
        "correction added, no gates": agent(correction="sum", actor_lr=SLOW),
        "no products in the critic": agent(critic_products=False),
        "critic sees actions": agent(critic_sees="action"),
        "no slates": agent(slate_size=0),
        "critic and actor from the start": training(critic_first=0.0),
        "no vectors of what was rated": embedding(rated_factors=0),
        "no vectors of the stars": embedding(stars_factors=0),
        "dislikes not last": agent(dislikes_last=False),
        "likes only": change(DEFAULT, split="original"),
        "the same penalty for all": embedding(count_power=0.0, regularization=50.0),
    }
    return {name: Recipe(config, 3, KINDS.get(name, DRRRecommender)) for name, config in found.items()}


def tried() -> dict[str, Recipe]:
    """The default with something more, or other, that did not make it better."""
    agent = partial(change, DEFAULT, "agent")
    found = {
        "gamma 0.5": agent(gamma=0.5),
        "gamma 0.5, TD3's three tricks": agent(gamma=0.5),
        "a term towards the warm start": DEFAULT,
        "prioritized replay": change(DEFAULT, "training", replay="prioritized"),
        "memory of 20": agent(memory_size=20),
    }
    return {name: Recipe(config, 2, KINDS.get(name, DRRRecommender)) for name, config in found.items()}


def recipes() -> dict[str, Recipe]:
    """All by name."""
    return steps() | without() | tried()


def trained_agent(name: str, seed: int) -> Figures:
    """One training of a recipe, judged by all protocols, beside its actor before training."""
    recipe = recipes()[name]
    config = replace(recipe.config, seed=seed)
    _, split = prepare(config, progress=False)
    start = time.perf_counter()
    agent = recipe.kind(config, progress=False).fit(split.train)
    about = {"fit seconds": time.perf_counter() - start, "correction share": agent.correction_share}
    versions = {"trained": keep([judge(agent, split)])}
    if config.agent.warm_start:
        versions["before training"] = keep([judge(agent.before_training(), split)])
    return about | {"history": agent.history} | apart(versions)


def baselines() -> Figures:
    """Popularity, EASE and iALS, from likes only, and with the known dislikes last."""
    _, split = prepare(DEFAULT, progress=False)
    settings = DEFAULT.embedding
    ials = IALSRecommender(
        settings.n_factors, settings.regularization, n_iterations=settings.n_iterations,
        count_power=settings.count_power,
    )  # fmt: skip
    found: dict[str, Figures] = {}
    for method in (PopularityRecommender(), EASERecommender(), ials):
        for version in (method, DislikesLast(method)):
            found[version.label] = keep([judge(version.fit(split.train), split)])
    return apart(found)


def judge(recommender: Recommender, split: Split) -> dict[str, EvaluationReport]:
    """By all protocols of this study, on the lists of the likes."""
    likes = split.likes()
    return {name: evaluate_ranking(recommender, ranking_task(likes, name)) for name in PROTOCOLS}


def apart(versions: Mapping[str, Figures]) -> Figures:
    """What `keep` made of several, with the details of all under one name: they are not published."""
    return {part: {name: found[part] for name, found in versions.items()} for part in ("means", "detail")}
