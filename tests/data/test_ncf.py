"""The published leave-last-out lists: all there, their rules kept, figures of the literature reached, bad files refused."""

from pathlib import Path

import numpy as np
import pytest

from drr_tutorial.data.load import DataError, Ratings
from drr_tutorial.data.splits import Split, ncf_split, random_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import RankingTask, ncf_task
from drr_tutorial.recommenders.baselines import ItemKNNRecommender, PopularityRecommender, RandomRecommender


@pytest.fixture(scope="module")
def split(ml_1m: Ratings, data_home: Path) -> Split:
    if not (data_home / "ncf" / "ml-1m.test.negative").is_file():
        pytest.skip("DRR_DATA_HOME holds no folder ncf with the published lists")
    return ncf_split(ml_1m, data_home=data_home)


@pytest.fixture(scope="module")
def task(split: Split, data_home: Path) -> RankingTask:
    return ncf_task(split, data_home=data_home)


def test_every_rating_is_an_interaction_but_the_held_out_ones(split: Split) -> None:
    assert len(split.train) == 994_169
    assert (split.train.ratings == 5).all()
    assert len(np.unique(split.test.users)) == len(split.test) == 6040


def test_the_lists_are_those_of_the_files(task: RankingTask, split: Split, ml_1m: Ratings) -> None:
    assert task.negatives is not None and task.negatives.shape == (6040, 99)
    assert (np.diff(task.users) == 1).all()
    assert (task.negatives == task.items[:, None]).any(axis=1).sum() == 156
    seen = split.train.matrix().toarray()[task.users[:, None], task.negatives] > 0
    assert not seen.any()  # their negatives are items that the user never rated
    assert (ml_1m.ratings[split.test_rows] <= 3).mean() == pytest.approx(0.41, abs=0.005)


def test_a_tie_with_itself_is_won_half_of_the_times(task: RankingTask, split: Split) -> None:
    own = (task.negatives == task.items[:, None]).any(axis=1)
    oracle = np.zeros((split.ratings.n_users, split.ratings.n_items), dtype=np.float32)
    oracle[task.users, task.items] = 1
    from drr_tutorial.evaluation.ranking import evaluate_scores

    report = evaluate_scores(oracle, task, ks=(1, 2))
    assert report.values["HR@1"].tolist() == np.where(own, 0.5, 1.0).tolist()
    assert report.mean("HR@2") == 1


@pytest.mark.parametrize(
    ("recommender", "expected"),
    [
        (RandomRecommender(), (0.099, 0.044)),
        (PopularityRecommender(), (0.453, 0.254)),
        (ItemKNNRecommender(), (0.660, 0.390)),
    ],
    ids=["random", "popularity", "item-kNN"],
)
def test_figures_of_the_literature(
    recommender: PopularityRecommender, expected: tuple[float, float], task: RankingTask, split: Split
) -> None:
    """Ferrari Dacrema et al. (2019) report these, but for random, which is 10 of 100 items, less the ties."""
    report = evaluate_ranking(recommender.fit(split.train), task)
    assert (report.mean("HR@10"), report.mean("nDCG@10")) == pytest.approx(expected, abs=0.006)


def test_another_split_does_not_fit(ml_1m: Ratings, data_home: Path, split: Split) -> None:
    with pytest.raises(DataError, match="does not hold the test items"):
        ncf_task(random_split(ml_1m), data_home=data_home)


@pytest.mark.parametrize("text", ["", "(0,1)\t2\t3\n", "no\tnumbers\n", "(0,25)\t" + "\t".join(["-1"] * 99) + "\n"])
def test_a_broken_file_is_refused(text: str, split: Split, tmp_path: Path) -> None:
    (tmp_path / "ncf").mkdir()
    (tmp_path / "ncf" / "ml-1m.test.negative").write_text(text)
    with pytest.raises(DataError, match=r"not lines of \(user,item\) and 99 items"):
        ncf_task(split, data_home=tmp_path)
