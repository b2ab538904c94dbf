"""Evaluation: what each protocol ranks, figures known in advance, intervals, sessions, bad input."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.stats import hypergeom

from drr_tutorial.data.load import Ratings
from drr_tutorial.data.splits import Split, original_split, random_split
from drr_tutorial.evaluation.ranking import evaluate_ranking, evaluate_scores
from drr_tutorial.evaluation.reports import EvaluationReport, compare, format_table
from drr_tutorial.evaluation.sessions import evaluate_sessions
from drr_tutorial.evaluation.tasks import RankingTask, own_items_task, ranking_task, sample_negatives

PROTOCOLS = ["original", "masked", "unseen", "full"]
N_USERS, N_ITEMS = 30, 60


@dataclass
class Stub:
    """A recommender with given scores: a matrix for its users, a function of the histories for others."""

    ratings: Ratings
    matrix: np.ndarray | None = None
    answer: Callable[[sparse.csr_array], np.ndarray] | None = None
    label: str = "stub"

    def scores(self, users: Any) -> np.ndarray:
        return self.matrix[self.ratings.user_index(users)]

    def scores_for(self, histories: sparse.csr_array) -> np.ndarray:
        return self.answer(histories)


def make_ratings(pairs: np.ndarray, values: Any = 5.0) -> Ratings:
    """Rows (user, item); ids are ten times the index, plus one, so that nobody can mix up the two."""
    users, items = pairs.T.astype(np.int32)
    item_ids = 10 * np.arange(N_ITEMS) + 1
    return Ratings(
        users=users,
        items=items,
        ratings=np.broadcast_to(np.float32(values), users.shape),
        timestamps=None,
        user_ids=10 * np.arange(N_USERS) + 1,
        item_ids=item_ids,
        titles=item_ids.astype(str),
        genres=((),) * N_ITEMS,
        name="made",
    )


@pytest.fixture(scope="module")
def split() -> Split:
    """Each user has 6 rows to fit, 2 to validate and between 2 and 6 to test, in random order."""
    rng = np.random.default_rng(3)
    items = rng.permuted(np.tile(np.arange(N_ITEMS), (N_USERS, 1)), axis=1)
    parts = [(u, i, c) for u in range(N_USERS) for c, i in enumerate(items[u, : 10 + u % 5])]
    rows = rng.permutation(np.array(parts))
    fit, validation, test = rows[:, 2] < 6, (rows[:, 2] >= 6) & (rows[:, 2] < 8), rows[:, 2] >= 8
    return Split("made", make_ratings(rows[:, :2]), *(np.flatnonzero(x) for x in (fit, validation, test)))


@pytest.fixture
def scores() -> np.ndarray:
    return np.random.default_rng(4).random((N_USERS, N_ITEMS), dtype=np.float32)


def perfect(split: Split) -> np.ndarray:
    """Scores that put the test items first."""
    return split.test.matrix().toarray()


class TestTask:
    @pytest.mark.parametrize("protocol", ["original", "masked", "unseen"])
    def test_negatives_are_distinct_and_none_is_excluded(self, split: Split, protocol: str) -> None:
        task = ranking_task(split, protocol, n_negatives=20)
        assert task.negatives.shape == (len(split.test), 20)
        assert task.negatives.dtype == np.int32
        assert all(len(np.unique(row)) == 20 for row in task.negatives)
        users = task.users[:, None]
        assert not split.test.matrix().toarray()[users, task.negatives].any()
        trained = split.train.matrix().toarray()[users, task.negatives].any()
        assert trained == (protocol != "unseen")  # validation rows are training rows of the final model

    def test_rows_are_the_test_positives_sorted_by_user(self, split: Split) -> None:
        task = ranking_task(split, "full")
        assert (np.diff(task.users) >= 0).all()
        found = sparse.coo_array((np.ones(len(task.users)), (task.users, task.items)), (N_USERS, N_ITEMS))
        assert_array_equal(found.toarray(), split.test.matrix().toarray())

    def test_only_ratings_above_the_threshold_are_positive(self, split: Split) -> None:
        values = np.where(split.ratings.items % 2, 5, 3).astype(np.float32)
        mixed = replace(split, ratings=replace(split.ratings, ratings=values))
        assert (ranking_task(mixed, "full").items % 2 == 1).all()
        lower = replace(mixed, ratings=mixed.ratings.liked_from(2))
        assert len(ranking_task(lower, "full").items) == len(split.test)

    def test_masked_and_original_share_their_lists(self, split: Split) -> None:
        tasks = [ranking_task(split, p, n_negatives=20) for p in ("original", "masked")]
        assert_array_equal(tasks[0].negatives, tasks[1].negatives)

    def test_one_seed_one_task(self, split: Split) -> None:
        first, again, other = (ranking_task(split, n_negatives=20, seed=s) for s in (1, 1, 2))
        assert_array_equal(first.negatives, again.negatives)
        assert first.fingerprint == again.fingerprint != other.fingerprint

    def test_what_is_hidden_belongs_to_the_fingerprint(self, split: Split) -> None:
        fit_only = replace(split, validation_rows=np.zeros(0, dtype=np.int64))
        assert ranking_task(split, "full").fingerprint != ranking_task(fit_only, "full").fingerprint

    def test_an_unknown_protocol(self, split: Split) -> None:
        with pytest.raises(ValueError, match="protocol must be one of original, masked, unseen, full; got 'seen'"):
            ranking_task(split, "seen")  # type: ignore[arg-type]

    def test_no_positives(self, split: Split) -> None:
        low = replace(split, ratings=replace(split.ratings, ratings=np.full(len(split.ratings), 2, dtype=np.float32)))
        with pytest.raises(ValueError, match=r"split 'made' has no test rating above 3.*a lower liked_above"):
            ranking_task(low)

    @pytest.mark.parametrize("protocol", ["original", "masked", "unseen"])
    def test_nobody_is_ranked_beside_what_nobody_rated(self, split: Split, protocol: str) -> None:
        narrow = random_split(split.ratings.select(split.ratings.items % 3 == 1), test_fraction=0.4)
        task = ranking_task(narrow, protocol, n_negatives=8)
        assert (task.negatives % 3 == 1).all()
        assert len(np.unique(task.negatives)) == N_ITEMS / 3
        with pytest.raises(ValueError, match=r"got 20, and user \d+ has 1\d; pass another"):
            ranking_task(narrow, protocol, n_negatives=20)

    @pytest.mark.parametrize(
        ("protocol", "found"),
        [
            ("original", "387f0e1c120c2ace6cf8622bb8a95e30"),
            ("masked", "1778e9b6d2cccaf2f4235407acba1511"),
            ("unseen", "5920c38af973dba49653488dd874a9ba"),
            ("full", "565a3a0e2a8f2cda21251e8fc24426f5"),
        ],
    )
    def test_the_lists_of_movielens_stay_what_they_were(self, protocol: str, found: str, ml_100k: Ratings) -> None:
        """The paired comparisons of the stored results rest on these very lists."""
        assert ranking_task(original_split(ml_100k), protocol).fingerprint == found

    @pytest.mark.parametrize("n_negatives", [0, 47, 99])
    def test_too_few_items_to_sample_from(self, split: Split, n_negatives: int) -> None:
        with pytest.raises(ValueError, match=rf"n_negatives.*got {n_negatives}, and user 41 has 46; pass another"):
            ranking_task(split, n_negatives=n_negatives)  # user 41 has 14 of the 60 items


class TestSampling:
    @given(st.data())
    @settings(max_examples=40)
    def test_all_that_is_left_can_be_drawn(self, data: st.DataObject) -> None:
        excluded = np.array(data.draw(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1)))
        excluded[:, data.draw(st.integers(0, 8))] = False
        for user, row in enumerate(excluded):
            users, free = np.array([user], dtype=np.int32), np.flatnonzero(~row)
            drawn = sample_negatives(users, sparse.csr_array(excluded), len(free), np.random.default_rng(0))
            assert_array_equal(np.sort(drawn[0]), free)

    def test_every_set_is_equally_likely(self) -> None:
        excluded = sparse.csr_array(np.array([[0, 1, 0, 0, 1, 0, 0]]))  # 5 items left: 10 pairs
        users = np.zeros(20_000, dtype=np.int32)
        drawn = np.sort(sample_negatives(users, excluded, 2, np.random.default_rng(0)), axis=1)
        pairs, counts = np.unique(drawn, axis=0, return_counts=True)
        assert len(pairs) == 10
        assert ((counts - 2000) ** 2 / 2000).sum() < 21.7  # chi-squared, 9 degrees of freedom, 1 %

    def test_the_user_without_enough_is_named(self) -> None:
        excluded = sparse.csr_array(np.array([[0, 0, 0], [1, 0, 1]]))
        with pytest.raises(ValueError, match="got 2, and user 1 has 1"):
            sample_negatives(np.array([0, 1], dtype=np.int32), excluded, 2, np.random.default_rng(0))


class TestRanking:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_a_perfect_recommender(self, split: Split, protocol: str) -> None:
        report = evaluate_scores(perfect(split), ranking_task(split, protocol, n_negatives=20), ks=(2, 6))
        for metric in ("HR@2", "nDCG@2", "MRR@2", "recall@6", "nDCG@6"):
            assert_allclose(report.values[metric], 1.0)

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_one_score_for_all_is_worth_what_chance_is_worth(self, split: Split, protocol: str) -> None:
        task = ranking_task(split, protocol, n_negatives=20)
        report = evaluate_scores(np.zeros((N_USERS, N_ITEMS)), task, ks=(5,))
        trained, tested = split.train.matrix().toarray() > 0, split.test.matrix().toarray() > 0
        length, n_relevant = np.full(len(task.users), 21), 1
        if protocol == "masked":  # what is scored last does not tie
            length = length - trained[task.users[:, None], task.negatives].sum(axis=1)
        if protocol == "full":
            length, n_relevant = N_ITEMS - trained.sum(axis=1), tested.sum(axis=1)
        assert_array_equal(report.values["recall@5"], 5 / length)
        assert_allclose(report.values["precision@5"], n_relevant / length)
        assert_allclose(report.values["HR@5"], 1 - hypergeom.pmf(0, length, n_relevant, 5))
        ideal = np.cumsum(1 / np.log2(np.arange(2, 7)))
        best = ideal[np.minimum(n_relevant, 5) - 1]
        assert_allclose(report.values["nDCG@5"], n_relevant * ideal[-1] / length / best)

    def test_a_random_recommender_hits_k_of_the_list(self, split: Split) -> None:
        task = ranking_task(split, n_negatives=19)
        rng = np.random.default_rng(0)
        hits = [evaluate_scores(rng.random((N_USERS, N_ITEMS)), task, ks=(5,)).mean("HR@5") for _ in range(60)]
        assert abs(np.mean(hits) - 5 / 20) < 4 * np.std(hits) / np.sqrt(60)

    def test_training_items_in_the_lists_cost_only_the_unmasked_protocol(self, split: Split) -> None:
        memorized = perfect(split) + 2 * split.train.matrix().toarray()
        figures = {
            protocol: evaluate_scores(memorized, ranking_task(split, protocol, n_negatives=40), ks=(1,)).mean("HR@1")
            for protocol in PROTOCOLS
        }
        assert figures.pop("original") < 0.1
        assert set(figures.values()) == {1.0}

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_ranks_are_those_of_a_plain_loop(self, split: Split, scores: np.ndarray, protocol: str) -> None:
        task = ranking_task(split, protocol, n_negatives=20)
        report = evaluate_scores(scores, task, ks=(5,))
        trained, tested = split.train.matrix().toarray() > 0, split.test.matrix().toarray() > 0
        expected = []
        for row, (user, item) in enumerate(zip(task.users, task.items, strict=True)):
            if protocol == "full":
                rivals = np.flatnonzero(~trained[user] & ~tested[user])
            else:
                rivals = task.negatives[row]
                rivals = rivals[~trained[user, rivals]] if protocol == "masked" else rivals
            above = (scores[user, rivals] > scores[user, item]).sum()
            above += (scores[user, tested[user]] > scores[user, item]).sum() if protocol == "full" else 0
            expected.append(1 + above <= 5)
        if protocol == "full":
            expected = np.bincount(task.users, weights=expected) / np.bincount(task.users)
        assert_array_equal(report.values["recall@5"], expected)

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize("batch_users", [1, 7, 512])
    def test_batches_change_nothing(self, split: Split, scores, protocol: str, batch_users: int) -> None:
        task = ranking_task(split, protocol, n_negatives=20)
        whole = evaluate_scores(scores, task, ks=(3, 10))
        report = evaluate_ranking(Stub(split.train, scores), task, ks=(3, 10), batch_users=batch_users)
        assert report.overall == whole.overall
        for metric, values in whole.values.items():
            assert_array_equal(report.values[metric], values)

    def test_the_recommenders_own_scores_stay_as_they_are(self, split: Split, scores: np.ndarray) -> None:
        before, recommender = scores.copy(), Stub(split.train, scores)
        recommender.scores = lambda users: scores  # all users come in one batch, in order
        evaluate_ranking(recommender, split, protocol="full")
        assert_array_equal(scores, before)

    def test_whole_numbers_are_scores_too(self, split: Split) -> None:
        report = evaluate_scores(perfect(split).astype(np.int64), ranking_task(split, "full"))
        assert report.mean("nDCG@10") == 1

    def test_users_without_test_positives_have_no_list(self, split: Split, scores: np.ndarray) -> None:
        some = replace(split, test_rows=split.test_rows[split.test.users % 2 == 0])
        report = evaluate_scores(scores, ranking_task(some, "full"))
        assert_array_equal(report.users, split.ratings.user_ids[::2])

    def test_what_nobody_rated_is_neither_ranked_nor_counted(self, split: Split) -> None:
        """Items 20 and above are in the catalogue of a selection, but in none of its rows."""
        part = split.ratings.select(split.ratings.items < 20)
        narrow = random_split(part, test_fraction=0.4)
        task = ranking_task(narrow, "full")
        assert (task.list_length, ranking_task(split, "full").rated) == (20, None)
        favours_strangers = np.tile(np.arange(N_ITEMS), (N_USERS, 1))
        report = evaluate_scores(favours_strangers, task, ks=(20,))
        assert (report.mean("recall@20"), report.mean("coverage@20")) == (1, 1)
        own = evaluate_scores(favours_strangers, own_items_task(narrow), ks=(20,))
        assert own.mean("recall@20") == 1
        with pytest.raises(ValueError, match="each k must be from 1 to 20"):
            evaluate_scores(favours_strangers, task, ks=(21,))

    def test_coverage_counts_what_is_shown(self, split: Split) -> None:
        task, popular = ranking_task(split, "full"), np.tile(np.arange(N_ITEMS), (N_USERS, 1))
        shown, trained = set(), split.train.matrix().toarray() > 0
        for user in range(N_USERS):
            shown |= set([item for item in range(N_ITEMS)[::-1] if not trained[user, item]][:3])
        assert evaluate_scores(popular, task, ks=(3, 9)).mean("coverage@3") == len(shown) / N_ITEMS

    def test_hidden_items_never_fill_a_list(self, split: Split, scores: np.ndarray) -> None:
        own = replace(split, test_rows=split.test_rows[split.test.users == 0])
        everything_else = len(own.train.matrix()[[0]].indices)
        report = evaluate_scores(scores, ranking_task(own, "full"), ks=(N_ITEMS,))
        assert report.mean(f"coverage@{N_ITEMS}") == 1 - everything_else / N_ITEMS

    def test_a_split_is_enough(self, split: Split, scores: np.ndarray) -> None:
        report = evaluate_ranking(Stub(split.train, scores), split, n_negatives=20, seed=5, method="mine")
        same = evaluate_scores(scores, ranking_task(split, "unseen", n_negatives=20, seed=5))
        assert (report.method, report.protocol, report.seed) == ("mine", "unseen", 5)
        assert report.difference(same, "nDCG@10") == (0, 0, 0)

    def test_options_of_a_finished_task(self, split: Split, scores: np.ndarray) -> None:
        with pytest.raises(ValueError, match="protocol, seed belong to the task, which is made already"):
            evaluate_ranking(Stub(split.train, scores), ranking_task(split, "full"), protocol="full", seed=0)

    @pytest.mark.parametrize("ks", [(0,), (10, 22), ()])
    def test_k_beyond_the_list(self, split: Split, scores: np.ndarray, ks: tuple[int, ...]) -> None:
        task = ranking_task(split, n_negatives=20)
        with pytest.raises(ValueError, match=r"each k must be from 1 to 21, the number of items.*got \["):
            evaluate_scores(scores, task, ks=ks)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_scores_that_are_not_finite(self, split: Split, scores: np.ndarray, bad: float) -> None:
        scores[3, 4] = bad
        with pytest.raises(ValueError, match="scores of 'stub' must be finite, but 1 of 1800 are NaN or infinite"):
            evaluate_ranking(Stub(split.train, scores), ranking_task(split, "full"))

    def test_scores_of_the_wrong_shape(self, split: Split, scores: np.ndarray) -> None:
        with pytest.raises(ValueError, match=r"must have shape \(users, items\) = \(30, 60\), got \(30, 59\)"):
            evaluate_scores(scores[:, 1:], ranking_task(split, "full"))

    def test_another_catalogue(self, split: Split, scores: np.ndarray) -> None:
        other = Stub(replace(split.train, item_ids=split.ratings.item_ids + 1), scores)
        with pytest.raises(ValueError, match=r"'stub' must have the catalogue of the evaluation.*fit it on the"):
            evaluate_ranking(other, split, protocol="full")


def report_of(values: np.ndarray, users: np.ndarray, method: str = "a", task: str = "t") -> EvaluationReport:
    return EvaluationReport(method, "unseen", (10,), 99, 0, users, {"HR@10": np.asarray(values, float)}, task)


class TestReport:
    def test_the_mean_is_over_lists_not_users(self) -> None:
        report = report_of([1, 0, 0, 1], np.array([7, 7, 7, 9]))
        assert report.mean("HR@10") == 0.5
        assert_allclose(report.per_user["HR@10"], [1 / 3, 1])
        assert report.per_user["n_lists"].to_dict() == {7: 3, 9: 1}

    def test_interval_has_the_width_of_the_normal_theory(self) -> None:
        values = np.random.default_rng(0).normal(size=2000)
        mean, low, high = report_of(values, np.arange(2000)).interval("HR@10", n_resamples=4000)
        error = values.std() / np.sqrt(2000)
        assert_allclose([low, high], [mean - 1.96 * error, mean + 1.96 * error], atol=0.15 * error)

    def test_lists_of_one_user_do_not_count_as_independent(self) -> None:
        values = np.random.default_rng(0).normal(size=400)
        single = report_of(values, np.arange(400)).interval("HR@10")
        copied = report_of(np.repeat(values, 9), np.repeat(np.arange(400), 9)).interval("HR@10")
        assert_allclose(copied, single)

    def test_higher_level_wider_interval(self) -> None:
        report = report_of(np.arange(50) % 3, np.arange(50))
        narrow, wide = report.interval("HR@10", level=0.5), report.interval("HR@10", level=0.99)
        assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high

    def test_a_constant_difference_has_no_width(self) -> None:
        values, users = np.random.default_rng(0).random(100), np.arange(100)
        better, base = report_of(values + 0.25, users, "better"), report_of(values, users)
        assert_allclose(better.difference(base, "HR@10"), [0.25] * 3)
        assert_allclose(base.difference(better, "HR@10"), [-0.25] * 3)

    def test_one_seed_one_interval(self) -> None:
        report = report_of(np.arange(50), np.arange(50))
        assert report.interval("HR@10") == report.interval("HR@10") != report.interval("HR@10", seed=1)

    def test_reports_of_different_tasks_are_not_compared(self) -> None:
        users = np.arange(3)
        with pytest.raises(ValueError, match=r"same task, but the lists of 'a' .* and 'b' .* differ; make one"):
            report_of([0, 1, 0], users).difference(report_of([0, 1, 0], users, "b", "other"), "HR@10")

    def test_unknown_metric(self) -> None:
        with pytest.raises(ValueError, match="metric must be one of HR@10; got 'HR@5'"):
            report_of([1], np.array([1])).mean("HR@5")

    @pytest.mark.parametrize("options", [{"level": 0.0}, {"level": 1.0}, {"n_resamples": 0}])
    def test_bad_bootstrap(self, options: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"level must be in \(0, 1\) and n_resamples at least 1"):
            report_of([1], np.array([1])).interval("HR@10", **options)

    def test_to_dict_is_json_and_holds_the_figures(self, split: Split, scores: np.ndarray) -> None:
        report = evaluate_scores(scores, ranking_task(split, "full"), ks=(5, 10))
        read = json.loads(json.dumps(report.to_dict()))
        assert read["metrics"]["nDCG@5"]["mean"] == report.mean("nDCG@5")
        assert read["metrics"]["coverage@10"] == {"mean": report.mean("coverage@10")}
        assert read["metrics"]["HR@5"] == report.interval("HR@5")._asdict()
        assert (read["protocol"], read["n_negatives"], read["ks"]) == ("full", None, [5, 10])
        assert (read["n_lists"], read["n_users"]) == (N_USERS, N_USERS)

    def test_tables_show_the_differences_to_the_reference(self, split: Split, scores: np.ndarray) -> None:
        task = ranking_task(split, "full")
        base, best = (evaluate_scores(s, task, method=m) for s, m in ((scores, "base"), (perfect(split), "best")))
        frame = compare([base, best], ["nDCG@10", "coverage@10"], reference=base)
        difference = best.difference(base, "nDCG@10")
        columns = [f"nDCG@10 minus base{end}" for end in ("", " low", " high")]
        assert_allclose(frame.loc["best", columns].astype(float), difference)
        assert list(frame.columns) == ["nDCG@10", *columns, "coverage@10"]
        lines = format_table([base, best], ["nDCG@10"], reference=base).splitlines()
        assert "nDCG@10 minus base" in lines[0]
        assert lines[-1].split(maxsplit=2)[:2] == ["best", "1.000"]
        assert "{:+.3f} [{:+.3f}, {:+.3f}]".format(*difference) in lines[-1]
        assert "[" not in lines[-2]


class TestSessions:
    """Users 20 and above are held out; user u likes the u % 5 + 1 items from 0 on, not the next two."""

    @pytest.fixture
    def heldout(self) -> Ratings:
        rows = [(u, i, 5.0 if i <= u % 5 else 2.0) for u in range(20, N_USERS) for i in range(u % 5 + 3)]
        table = np.array(rows)
        return make_ratings(table[:, :2], table[:, 2])

    @pytest.fixture
    def train(self, split: Split) -> Ratings:
        return split.ratings.select(split.ratings.users < 20)

    def test_an_item_is_shown_once_and_rewards_add_up(self, heldout: Ratings, train: Ratings) -> None:
        always = Stub(train, answer=lambda h: np.tile(-np.arange(N_ITEMS, dtype=float), (h.shape[0], 1)))
        report = evaluate_sessions(always, heldout, steps=(1, 3, N_ITEMS))
        n_liked = np.arange(20, N_USERS) % 5 + 1
        assert_array_equal(report.values["reward@1"], 1)
        assert_array_equal(report.values["reward@3"], np.minimum(n_liked, 3))
        assert_array_equal(report.values[f"reward@{N_ITEMS}"], n_liked)
        assert_array_equal(report.users, heldout.user_ids[20:])
        assert (report.protocol, report.n_lists) == ("sessions", 10)

    def test_histories_hold_what_was_liked_in_order(self, heldout: Ratings, train: Ratings) -> None:
        seen: list[sparse.csr_array] = []

        def backwards_from_2(histories: sparse.csr_array) -> np.ndarray:
            seen.append(histories)
            return np.tile(-np.abs(np.arange(N_ITEMS) - 2.1), (histories.shape[0], 1))  # 2, 3, 1, 4, 0, 5

        evaluate_sessions(Stub(train, answer=backwards_from_2), heldout, steps=(6,))
        assert seen[0].nnz == 0
        assert_array_equal(seen[-1][[4]].indices, [2, 3, 1, 4, 0])  # user 24 likes 0 to 4
        assert_array_equal(seen[-1][[2]].indices, [2, 1, 0])  # user 22 likes 0 to 2
        assert set(seen[-1].data) == {1.0}

    def test_who_learns_from_dislikes_is_told_of_them(self, heldout: Ratings, train: Ratings) -> None:
        seen: list[sparse.csr_array] = []

        class Curious(Stub):
            def scores_after(self, answers: sparse.csr_array) -> np.ndarray:
                seen.append(answers)
                return np.tile(-np.abs(np.arange(N_ITEMS) - 2.1), (answers.shape[0], 1))  # 2, 3, 1, 4, 0, 5

        report = evaluate_sessions(Curious(train), heldout, steps=(6,))
        assert seen[0].nnz == 0
        assert_array_equal(seen[-1][[2]].indices, [2, 3, 1, 4, 0])
        assert_array_equal(seen[-1][[2]].data, [1, -1, 1, -1, 1])  # user 22 likes 0 to 2
        assert_array_equal(report.values["reward@6"], np.arange(20, N_USERS) % 5 + 1)

    def test_a_policy_that_learns_from_rewards(self, heldout: Ratings, train: Ratings) -> None:
        def neighbours(histories: sparse.csr_array) -> np.ndarray:
            scores = -np.abs(np.arange(N_ITEMS) - histories.sum(axis=1)[:, None])  # next after what was liked
            return scores + 0.1

        report = evaluate_sessions(Stub(train, answer=neighbours), heldout, steps=(5,))
        assert_array_equal(report.values["reward@5"], np.arange(20, N_USERS) % 5 + 1)

    def test_ties_are_broken_at_random_by_the_seed(self, heldout: Ratings, train: Ratings) -> None:
        equal = Stub(train, answer=lambda h: np.zeros(h.shape))
        rewards = [evaluate_sessions(equal, heldout, steps=(10,), seed=s).mean("reward@10") for s in range(200)]
        assert rewards[0] == evaluate_sessions(equal, heldout, steps=(10,), seed=0).mean("reward@10")
        expected = 3 * 10 / N_ITEMS  # 3 liked items on average, 10 of 60 shown
        assert abs(np.mean(rewards) - expected) < 4 * np.std(rewards) / np.sqrt(200)

    def test_what_nobody_rated_is_not_shown(self, heldout: Ratings, train: Ratings) -> None:
        few = train.select(train.items < 15)  # the held-out ones rated items below 7
        upwards = Stub(few, answer=lambda h: np.tile(np.arange(N_ITEMS, dtype=float), (h.shape[0], 1)))
        report = evaluate_sessions(upwards, heldout, steps=(15,))
        assert_array_equal(report.values["reward@15"], np.arange(20, N_USERS) % 5 + 1)
        with pytest.raises(ValueError, match="each k must be from 1 to 15"):
            evaluate_sessions(upwards, heldout, steps=(16,))

    def test_people_of_the_training_data_are_refused(self, heldout: Ratings, split: Split) -> None:
        with pytest.raises(ValueError, match=r"user 201 and 9 others are in its training data.*user_split"):
            evaluate_sessions(Stub(split.train), heldout)

    def test_nobody_held_out(self, heldout: Ratings, train: Ratings) -> None:
        with pytest.raises(ValueError, match="heldout must hold ratings of at least one user, got 0 rows"):
            evaluate_sessions(Stub(train), heldout.select([]))

    def test_more_steps_than_items(self, heldout: Ratings, train: Ratings) -> None:
        with pytest.raises(ValueError, match=r"each k must be from 1 to 60.*got \[10, 61\]"):
            evaluate_sessions(Stub(train), heldout, steps=(10, 61))

    def test_scores_that_are_not_finite(self, heldout: Ratings, train: Ratings) -> None:
        broken = Stub(train, answer=lambda h: np.full(h.shape, np.nan))
        with pytest.raises(ValueError, match="scores of 'stub' must be finite"):
            evaluate_sessions(broken, heldout)


def test_a_task_knows_the_length_of_its_lists(split: Split) -> None:
    assert ranking_task(split, n_negatives=20).list_length == 21
    task: RankingTask = ranking_task(split, "full")
    assert task.list_length == N_ITEMS
