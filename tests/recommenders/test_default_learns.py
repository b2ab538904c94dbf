"""The promise of the project, kept on real data: the default preset learns, and beats popularity by more than chance."""

import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, rated_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import RankingTask, ranking_task
from drr_tutorial.recommenders.baselines import PopularityRecommender
from drr_tutorial.recommenders.dislikes_last import DislikesLast
from drr_tutorial.recommenders.drr import DRRRecommender


@pytest.fixture(scope="module")
def split(ml_100k: Ratings) -> Split:
    return rated_split(ml_100k)


@pytest.fixture(scope="module")
def task(split: Split) -> RankingTask:
    return ranking_task(split.likes(), "unseen")


@pytest.fixture(scope="module")
def agent(split: Split) -> DRRRecommender:
    return DRRRecommender(progress=False).fit(split.train)


def test_training_improves_on_the_agents_own_warm_start(agent: DRRRecommender) -> None:
    first, best = agent.history[0], max(agent.history, key=lambda entry: entry["hit"] + entry["dcg"])
    last = agent.history[-1]
    assert best["hit"] > first["hit"] + 0.003  # measured: about 0.010
    assert last["hit"] > first["hit"] - 0.002  # and did not fall back


def test_what_training_adds_is_there_on_the_test_part(agent: DRRRecommender, task: RankingTask) -> None:
    gained = evaluate_ranking(agent, task).difference(evaluate_ranking(agent.before_training(), task), "HR@10")
    assert gained.low > 0  # measured: 0.831 after, 0.818 before


def test_the_agent_is_above_popularity_by_more_than_chance(
    agent: DRRRecommender, split: Split, task: RankingTask
) -> None:
    """Popularity with the same information: known dislikes last."""
    popularity = evaluate_ranking(DislikesLast(PopularityRecommender()).fit(split.train), task)
    report = evaluate_ranking(agent, task)
    assert report.difference(popularity, "HR@10").low > 0.1  # measured: 0.831 against 0.634
    assert report.difference(popularity, "nDCG@10").low > 0.1  # measured: 0.569 against 0.381
