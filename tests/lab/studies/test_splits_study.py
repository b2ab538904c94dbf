"""The study of splits: time by hand, strangers whom nobody learns from, rows and their summary."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, leave_last_out_split, random_split, temporal_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.lab.studies import splits as study, strangers
from drr_tutorial.lab.studies.fair.bars import Contestant
from drr_tutorial.lab.studies.time_leaks import leaks_of_time
from drr_tutorial.recommenders.baselines import EASERecommender, ItemKNNRecommender, PopularityRecommender
from drr_tutorial.recommenders.dislikes_last import DislikesLast
from tests.toy import toy_ratings


class Spy(EASERecommender):
    """Remembers what each of its kind has learned from."""

    learned: ClassVar[list[Ratings]] = []

    def fit(self, ratings: Ratings, **given: Any) -> Any:
        self.learned.append(ratings)
        return super().fit(ratings, **given)


@pytest.fixture
def small(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    """All data are the synthetic ones, and there are few settings."""
    monkeypatch.setattr(study, "load_ratings", lambda data, progress: synthetic)
    spied = Contestant(Spy, {"regularization": (100.0, 1000.0)})
    monkeypatch.setattr(study, "CONTESTANTS", {"EASE": spied, "popularity": Contestant(PopularityRecommender)})
    monkeypatch.setattr(Spy, "learned", [])


def made_split(train: Sequence[int], test: Sequence[int], users: Sequence[int]) -> Split:
    """Time is the row's number, and so is the item."""
    ratings = toy_ratings([(user, item, 5) for item, user in enumerate(users)])
    return Split("made", ratings, np.array(train), np.array([], dtype=np.int64), np.array(test))


def test_leaks_of_time_by_hand() -> None:
    """Test rows at 1 (user 1) and 3 (user 2): later in training are 2, 4, 5 of four, and 4, 5; own are 2 of 2, and 5 of
    one."""
    found = leaks_of_time(made_split(train=[0, 2, 4, 5], test=[1, 3], users=[1, 1, 1, 2, 1, 2]))
    assert found["training later than the test row"] == pytest.approx((3 / 4 + 2 / 4) / 2)
    assert found["own training later than the test row"] == pytest.approx((2 / 3 + 1 / 1) / 2)
    assert found["test rows of users without training rows"] == 0


def test_nothing_lies_in_the_future_of_a_last_row() -> None:
    """The later test row is after all training, which must not be taken for another user's time."""
    found = leaks_of_time(made_split(train=[0, 1], test=[2, 3], users=[1, 2, 1, 3]))
    assert list(found.values()) == [0, 0, 0.5]


@pytest.mark.parametrize("make", [leave_last_out_split, temporal_split])
def test_own_training_is_never_later_in_a_split_by_time(make: Any, synthetic: Ratings) -> None:
    found = leaks_of_time(make(synthetic))
    assert found["own training later than the test row"] == 0
    assert (found["training later than the test row"] == 0) == (make is temporal_split)


def test_strangers_come_with_the_older_half_of_their_likes(synthetic: Ratings) -> None:
    split = strangers.strangers_split(synthetic)
    likes, who = split.likes(), strangers.strangers_of(split)
    assert len(who["test"]) == round(0.2 * synthetic.n_users)
    assert np.isin(who["test"], who["tuning"]).all() and len(who["tuning"]) > len(who["test"])
    for user in who["tuning"][:20]:
        held_out = likes.test if user in who["test"] else likes.validation
        older, newer = (part.timestamps[part.users == user] for part in (likes.fit, held_out))
        assert len(older) - len(newer) in (0, 1)
        assert older.max() <= newer.min()
    assert split.test.liked.all() and split.validation.liked.all()
    left_out = np.ones(len(synthetic), dtype=np.bool_)
    left_out[np.concatenate([split.fit_rows, split.validation_rows, split.test_rows])] = False
    since = np.array([split.test.timestamps[split.test.users == user].min() for user in who["test"]])
    of_test = np.isin(synthetic.users, who["test"])
    is_later = synthetic.timestamps[of_test] >= since[np.searchsorted(who["test"], synthetic.users[of_test])]
    assert np.array_equal(left_out[of_test], is_later & ~synthetic.liked[of_test]) and left_out.any()
    assert np.isin(synthetic.users[left_out], who["tuning"]).all()


def test_histories_are_in_the_order_of_time() -> None:
    ratings = toy_ratings([(1, 3, 5), (2, 1, 5), (1, 1, 2), (1, 2, 4), (1, 4, 4)])
    found = strangers.histories_of(ratings.select([4, 3, 2, 1, 0]))
    assert found[[1, 0]].indices.tolist() == [0, 2, 1, 3]  # rows keep their order when they are taken out


def test_nobody_learns_from_strangers_and_likes_fold_them_in(synthetic: Ratings) -> None:
    split = strangers.strangers_split(synthetic).likes()
    who = strangers.strangers_of(split)["test"]
    folded = strangers.FoldedIn(EASERecommender(300.0), who).fit(split.train)
    assert not np.isin(folded.inner.ratings.users, who).any()
    assert np.isin(folded.ratings.users, who).any() and folded.label == "EASE"
    known = split.train.select(~np.isin(split.train.users, who))
    likes = split.train.matrix()[who]
    expected = EASERecommender(300.0).fit(known).scores_for(likes)
    np.testing.assert_allclose(folded.scores(split.ratings.user_ids[who]), expected, atol=1e-6)


def test_folding_in_beats_popularity_for_strangers(synthetic: Ratings) -> None:
    split = strangers.strangers_split(synthetic).likes()
    task, who = ranking_task(split, "full"), strangers.strangers_of(split)["test"]
    found = {
        method.label: evaluate_ranking(strangers.FoldedIn(method, who).fit(split.train), task).mean("nDCG@10")
        for method in (ItemKNNRecommender(), PopularityRecommender())
    }
    assert found["item-kNN"] > 1.1 * found["popularity"]


@pytest.mark.parametrize("kind", study.SPLITS)
def test_a_row_is_tuned_without_the_test_part(kind: str, small: None, synthetic: Ratings) -> None:
    row = study.tuned("ml-100k", kind, "EASE")
    split = study.divided("ml-100k", kind)
    assert sorted(trial["settings"]["regularization"] for trial in row["trials"]) == [100, 1000]
    assert row["settings"] == row["trials"][0]["settings"]
    *tuning, final = Spy.learned
    known = {"tuning": split.fit, "test": split.train}
    if kind == study.STRANGERS:
        who = strangers.strangers_of(split)
        known = {part: seen.select(~np.isin(seen.users, who[part])) for part, seen in known.items()}
    assert len(tuning) == 2 and {one.fingerprint() for one in tuning} == {known["tuning"].fingerprint()}
    assert final.fingerprint() == known["test"].fingerprint()
    assert not final.liked.all()
    expected = len(np.unique(split.likes().test.users))
    assert {len(row["detail"][protocol]["lists"]) for protocol in study.PROTOCOLS} == {expected}


def test_what_is_known_to_be_disliked_is_in_no_list(synthetic: Ratings) -> None:
    """So it does not matter where it is scored."""
    split = random_split(synthetic)
    plain, informed = EASERecommender().fit(split.train), DislikesLast(EASERecommender()).fit(split.train)
    found, expected = (study.judge(method, split) for method in (informed, plain))
    for protocol in study.PROTOCOLS:
        assert found[protocol].mean("nDCG@10") == expected[protocol].mean("nDCG@10")


def test_a_random_method_has_two_seeds(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Seeded(PopularityRecommender):
        def __init__(self, seed: int) -> None:
            self.seed = seed

    monkeypatch.setattr(study, "CONTESTANTS", {"seeded": Contestant(Seeded, is_random=True)})
    row = study.tuned("ml-100k", "random", "seeded")
    assert len(row["means"]["unseen"]["nDCG@10"]) == len(study.SEEDS) == 2


def test_what_is_told_of_a_split(small: None, synthetic: Ratings) -> None:
    found = {kind: study.about("ml-100k", kind) for kind in study.SPLITS}
    n_users = round(0.2 * synthetic.n_users)
    assert found["users"]["users"] == found["users"]["cold users"] == n_users
    assert found["random"]["cold users"] == found["leave-last-out"]["cold users"] == 0
    assert 0 < found["temporal"]["cold users"] < found["temporal"]["users"]
    assert found["temporal"]["training later than the test row"] == 0
    assert found["random"]["training later than the test row"] == pytest.approx(0.5, abs=0.02)


@pytest.fixture
def rows(small: None) -> dict[str, Any]:
    return {row.key: row.compute() for row in study.rows()}


def test_the_summary_has_every_split_and_ranks_the_methods(rows: dict[str, Any]) -> None:
    summary = study.summarize(rows)
    figures = summary["figures"]["ml-100k"]
    assert list(figures) == list(study.SPLITS)
    for kind, tables in figures.items():
        for protocol in study.PROTOCOLS:
            means = {method: tables[protocol][method]["nDCG@10"]["mean"] for method in study.CONTESTANTS}
            best = max(means, key=lambda method: means[method])
            assert summary["ranks"]["ml-100k"][protocol][best][kind] == 1
            row = rows[f"ml-100k.{kind}.{best}"]
            assert means[best] == pytest.approx(row["means"][protocol]["nDCG@10"][0], abs=1e-6)
    assert "detail" not in summary["about"]["ml-100k"]["temporal"]
    assert summary["settings"]["ml-100k"]["random"].keys() == study.CONTESTANTS.keys()


def test_known_users_are_told_apart_where_others_are_cold(rows: dict[str, Any]) -> None:
    known = study.summarize(rows)["known users"]["ml-100k"]
    assert list(known) == ["temporal"]  # of "users" nobody is known, in the others everybody
    row, is_known = rows["ml-100k.temporal.EASE"], np.array(rows["ml-100k.temporal.about"]["detail"])
    sums, lists = (np.array(row["detail"]["full"][name])[is_known] for name in ("nDCG@10", "lists"))
    assert known["temporal"]["full"]["EASE"]["mean"] == pytest.approx(sums.sum() / lists.sum())


def test_methods_judged_on_other_lists_are_refused(rows: dict[str, Any]) -> None:
    rows["ml-100k.random.EASE"]["detail"]["full"]["task"] = "another"
    with pytest.raises(ValueError, match="all methods must be judged on the same lists of ml-100k, random"):
        study.summarize(rows)


def test_rows_are_small_and_grids_are() -> None:
    keys = [row.key for row in study.rows()]
    n_pairs = sum(one.competes(kind) for one in study.CONTESTANTS.values() for kind in study.SPLITS)
    assert len(keys) == len(set(keys)) == len(study.DATA) * (n_pairs + len(study.SPLITS))
    assert {"ml-100k.users.item-kNN", "ml-100k.temporal.GRU4Rec"} <= set(keys) and "ml-100k.random.SASRec" not in keys
    assert all(len(one.trials(kind)) <= 8 for one in study.CONTESTANTS.values() for kind in study.SPLITS)
