"""Splits: the original's counts, hand-made cases with known answers, and what they refuse."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drr_tutorial.data import download, splits
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.splits import (
    SPLITS,
    Split,
    leave_last_out_split,
    make_split,
    original_split,
    random_split,
    rated_split,
    temporal_split,
    user_split,
)


@pytest.fixture
def no_ncf_file(data_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data home without the NCF file, and no network."""

    def refuse(*_: object) -> Path:
        raise ConnectionError("no network in this test")

    monkeypatch.setenv("DRR_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(download, "retrieve", refuse)


def rows_of(split: Split) -> tuple[list[int], list[int], list[int]]:
    return split.fit_rows.tolist(), split.validation_rows.tolist(), split.test_rows.tolist()


def table(users: list[int], times: list[int] | None = None, ratings: list[float] | None = None) -> Ratings:
    n = len(users)
    return Ratings.from_columns(users, range(n), ratings or [5.0] * n, range(n) if times is None else times, name="toy")


# The original's split


def test_the_original_split_has_the_original_counts(ml_1m: Ratings, data_home: Path) -> None:
    if not (data_home / "ncf" / "ml-1m.test.rating").is_file():
        pytest.skip("DRR_DATA_HOME holds no ncf/ml-1m.test.rating")
    split = original_split(ml_1m)
    positives = len(split.train) + len(split.test)
    per_user = np.bincount(split.train.users)
    assert (positives, len(split.train), len(split.test)) == (571_704, 457_363, 114_341)
    assert ((per_user >= 20).sum(), per_user[per_user >= 20].sum()) == (
        4_699,
        439_657,
    )  # users and steps of a pass
    assert len(split.validation) == 45_736
    assert split.note == ""
    assert split.train.ratings.min() == 4


def test_without_the_ncf_file_a_rule_stands_in_and_a_note_says_so(ml_1m: Ratings, no_ncf_file: None) -> None:
    split = original_split(ml_1m)
    assert (len(split.train) + len(split.test), len(split.train)) == (571_676, 457_341)
    assert (np.bincount(split.train.users) >= 20).sum() == 4_688
    assert split.note.startswith("held out: each user's last rating by time, the first in the file among ties, since")
    assert "no network in this test" in split.note
    with pytest.raises(DataError, match="the NCF test file is not at"):
        leave_last_out_split(ml_1m, use_ncf_file=True)


def test_the_ncf_file_needs_all_of_ml_1m(ml_1m: Ratings, data_home: Path) -> None:
    if not (data_home / "ncf" / "ml-1m.test.rating").is_file():
        pytest.skip("DRR_DATA_HOME holds no ncf/ml-1m.test.rating")
    with pytest.raises(DataError, match="fits all 1,000,209 rows of ml-1m, got .*575,281 ratings.*; do not filter"):
        original_split(ml_1m.positives())


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda text: "", "not rows of user, item, rating and time"),
        (lambda text: text[: len(text) // 2], r"in [0-9,]+ lines, expected one for each of 6,040 users"),
        (lambda text: text.replace("\t", ","), "not rows of user, item, rating and time"),
        (lambda text: "x" + text, "not rows of user, item, rating and time"),
        (lambda text: text + text, "holds out 6,040 ratings of ml-1m in 12,080 lines"),
        (lambda text: text.replace("\n0\t", "\n1\t", 1).replace("0\t", "6040\t", 1), "holds out 0 ratings"),
    ],
    ids=["empty", "truncated", "commas", "text", "twice", "unknown user"],
)
def test_a_broken_ncf_file_is_refused(
    ml_1m: Ratings, data_home: Path, tmp_path: Path, change: object, text: str
) -> None:
    source = data_home / "ncf" / "ml-1m.test.rating"
    if not source.is_file():
        pytest.skip("DRR_DATA_HOME holds no ncf/ml-1m.test.rating")
    (tmp_path / "ncf").mkdir()
    (tmp_path / "ncf" / source.name).write_text(change(source.read_text()))
    with pytest.raises(DataError, match=text):
        original_split(ml_1m, data_home=tmp_path)


def test_leave_last_out_with_the_ncf_file(ml_1m: Ratings, data_home: Path) -> None:
    source = data_home / "ncf" / "ml-1m.test.rating"
    if not source.is_file():
        pytest.skip("DRR_DATA_HOME holds no ncf/ml-1m.test.rating")
    split = leave_last_out_split(ml_1m, use_ncf_file=True)
    user, _, rating, _ = np.loadtxt(source, dtype=np.int64).T
    by_user = np.argsort(split.test.users)
    np.testing.assert_array_equal(split.test.user_ids[split.test.users[by_user]], user + 1)
    np.testing.assert_array_equal(split.test.ratings[by_user], rating)
    last_time = np.zeros(ml_1m.n_users, dtype=np.int64)
    np.maximum.at(last_time, ml_1m.users, ml_1m.timestamps)
    np.testing.assert_array_equal(split.test.timestamps, last_time[split.test.users])  # it is the last by time


def test_elsewhere_the_original_split_holds_out_the_last_by_time() -> None:
    #       user 1: row 1 is last; user 2: rows 3 and 4 tie, row 3 is first in the file
    ratings = table([1, 1, 1, 2, 2, 2, 3], times=[5, 9, 7, 8, 8, 1, 4], ratings=[5, 5, 2, 5, 4, 5, 5])
    split = original_split(ratings, test_fraction=0.34, validation_fraction=0)
    assert sorted([*split.fit_rows, *split.test_rows]) == [
        0,
        4,
        5,
    ]  # row 2 is not liked, row 6 is user 3's last
    assert split.note == ""


def test_the_original_split_is_pandas_sample_with_seed_16(synthetic: Ratings) -> None:
    split = original_split(synthetic)
    kept = np.sort(np.concatenate([split.fit_rows, split.validation_rows, split.test_rows]))

    frame = pd.DataFrame({"row": kept})
    train = frame.sample(frac=0.8, random_state=16)
    np.testing.assert_array_equal(split.test_rows, frame.drop(train.index)["row"])


def test_nothing_liked() -> None:
    with pytest.raises(DataError, match="toy has no rating above 3 beside those held out; nothing is liked"):
        original_split(table([1, 1, 2, 2], ratings=[1, 2, 3, 3]))


# The other splits


@pytest.mark.parametrize("kind", list(SPLITS))
def test_every_split_covers_what_it_is_given_without_overlap(kind: str, synthetic: Ratings) -> None:
    split = make_split(kind, synthetic, seed=3)
    parts = np.concatenate([split.fit_rows, split.validation_rows, split.test_rows])
    assert len(np.unique(parts)) == len(parts)
    if kind not in ("original", "rated"):
        assert len(parts) == len(synthetic)
    assert min(len(split.fit), len(split.validation), len(split.test)) > 0
    assert split.name == kind
    assert len(split.train) == len(split.fit) + len(split.validation)
    assert split.fit.n_items == synthetic.n_items
    again = make_split(kind, synthetic, seed=3)
    assert rows_of(again) == rows_of(split)


def test_the_rated_split_is_the_original_and_most_of_what_was_not_liked(synthetic: Ratings) -> None:
    original, rated = make_split("original", synthetic), make_split("rated", synthetic)
    assert rated.test_rows.tolist() == original.test_rows.tolist()
    assert rated.validation_rows.tolist() == original.validation_rows.tolist()
    assert set(original.fit_rows) < set(rated.fit_rows)
    more = np.setdiff1d(rated.fit_rows, original.fit_rows)
    assert (synthetic.ratings[more] <= 3).all()
    held_out = np.setdiff1d(
        np.flatnonzero(synthetic.ratings > 3), np.concatenate([rated.fit_rows, rated.validation_rows, rated.test_rows])
    )
    n_disliked = np.count_nonzero(synthetic.ratings <= 3)
    assert len(held_out) <= synthetic.n_users
    assert 0.8 * (n_disliked - synthetic.n_users) - 1 <= len(more) <= 0.8 * n_disliked + 1
    assert rows_of(rated.likes()) == rows_of(original)


def test_likes_of_a_split_leave_the_dislikes_out(synthetic: Ratings) -> None:
    split = random_split(synthetic)
    likes = split.likes()
    for part in ("fit", "validation", "test"):
        rows = getattr(likes, part)
        assert (rows.ratings > 3).all()
        assert len(rows) == np.count_nonzero(getattr(split, part).ratings > 3)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_of_dislikes_that_is_none(share: float, synthetic: Ratings) -> None:
    with pytest.raises(DataError, match="dislikes_share must be from 0 to 1"):
        rated_split(synthetic, dislikes_share=share)


@pytest.mark.parametrize("kind", ["original", "random", "users"])
def test_other_seeds_give_other_splits(kind: str, synthetic: Ratings) -> None:
    one, other = (make_split(kind, synthetic, seed=seed).test_rows.tolist() for seed in (1, 2))
    assert one != other


def test_random_split_takes_its_share_of_every_user() -> None:
    ratings = table([1] * 10 + [2] * 20 + [3])
    split = random_split(ratings, test_fraction=0.2, validation_fraction=0.25)
    assert np.bincount(split.test.users, minlength=3).tolist() == [2, 4, 0]
    assert np.bincount(split.validation.users, minlength=3).tolist() == [2, 4, 0]
    assert np.bincount(split.fit.users, minlength=3).tolist() == [6, 12, 1]


def test_random_split_takes_every_row_equally_often() -> None:
    ratings = table([1] * 5 + [2] * 5)
    taken = np.zeros(10)
    for seed in range(500):
        taken[random_split(ratings, seed=seed).test_rows] += 1
    assert abs(taken / 500 - 0.2).max() < 0.08  # 4.5 standard deviations


def test_leave_last_out_takes_the_last_two() -> None:
    ratings = table([1, 2, 1, 2, 1, 2, 3, 3, 4], times=[3, 1, 9, 7, 5, 7, 1, 2, 1])
    fit, validation, test = rows_of(leave_last_out_split(ratings))
    assert test == [2, 3]  # user 2's rows 3 and 5 tie: the first in the file is the last by the rule
    assert validation == [4, 5]
    assert fit == [0, 1, 6, 7, 8]  # users 3 and 4 have too few rows to give any away


def test_temporal_split_never_looks_ahead(synthetic: Ratings) -> None:
    split = temporal_split(synthetic, test_fraction=0.2, validation_fraction=0.1)
    assert split.fit.timestamps.max() < split.validation.timestamps.min()
    assert split.validation.timestamps.max() < split.test.timestamps.min()
    assert len(split.test) == pytest.approx(0.2 * len(synthetic), rel=0.01)
    assert len(split.validation) == pytest.approx(0.08 * len(synthetic), rel=0.01)


def test_temporal_split_keeps_a_moment_together() -> None:
    fit, validation, test = rows_of(
        temporal_split(table([1] * 8, times=[9, 1, 2, 9, 9, 3, 4, 2]), validation_fraction=0.3)
    )
    assert (fit, validation, test) == ([1, 2, 7], [5, 6], [0, 3, 4])


def test_a_split_without_validation_part(synthetic: Ratings) -> None:
    for split in (original_split, random_split, temporal_split, user_split):
        assert len(split(synthetic, validation_fraction=0).validation_rows) == 0


def test_user_split_holds_whole_users_out(synthetic: Ratings) -> None:
    split = user_split(synthetic, test_fraction=0.1, validation_fraction=0.2)
    users = [set(part.users.tolist()) for part in (split.fit, split.validation, split.test)]
    assert [len(part) for part in users] == [216, 54, 30]
    assert not users[0] & users[1] and not users[1] & users[2] and not users[0] & users[2]


def test_for_tuning_never_sees_the_test_part(synthetic: Ratings) -> None:
    split = random_split(synthetic)
    tuning = split.for_tuning()
    assert tuning.train.fingerprint() == split.fit.fingerprint()
    assert tuning.test.fingerprint() == split.validation.fingerprint()
    assert not np.isin(split.test_rows, [*tuning.fit_rows, *tuning.validation_rows, *tuning.test_rows]).any()
    with pytest.raises(DataError, match="the test part of the random, tuning, tuning split .* is empty"):
        tuning.for_tuning()


# What they refuse


def test_unknown_kind(synthetic: Ratings) -> None:
    with pytest.raises(DataError, match="split must be one of 'rated', 'original', .*'users', got 'holdout'"):
        make_split("holdout", synthetic)


@pytest.mark.parametrize("split", [original_split, rated_split])
def test_without_times_the_last_in_the_file_is_held_out(split: Callable[[Ratings], Split], synthetic: Ratings) -> None:
    made = split(dataclasses.replace(synthetic, timestamps=None))
    last = len(synthetic) - 1 - np.unique(synthetic.users[::-1], return_index=True)[1]
    assert not np.isin(last, [*made.fit_rows, *made.validation_rows, *made.test_rows]).any()
    assert made.note == "held out: each user's last rating in the file, since synthetic has no times"


@pytest.mark.parametrize("split", [leave_last_out_split, temporal_split])
def test_splits_by_time_need_times(split: object) -> None:
    timeless = Ratings.from_columns([1, 1, 1, 2], [1, 2, 3, 4], [5, 5, 5, 5], name="toy")
    with pytest.raises(DataError, match="split needs timestamps and toy has none; use the random or users split"):
        split(timeless)


@pytest.mark.parametrize("split", [original_split, random_split, temporal_split, user_split])
@pytest.mark.parametrize("fraction", [0, 1, 1.2, -0.1, float("nan")])
def test_fractions_must_be_between_0_and_1(split: object, fraction: float, synthetic: Ratings) -> None:
    with pytest.raises(DataError, match=f"test_fraction must be between 0 and 1, both excluded, got {fraction}"):
        split(synthetic, test_fraction=fraction)
    if fraction != 0:
        with pytest.raises(DataError, match=f"validation_fraction must be from 0 to below 1, got {fraction}"):
            split(synthetic, validation_fraction=fraction)


@pytest.mark.parametrize(
    ("split", "ratings", "part"),
    [
        (random_split, table([1, 2]), "test"),
        (leave_last_out_split, table([1, 1, 2, 2]), "test"),
        (temporal_split, table([1, 2, 3], times=[7, 7, 7]), "fit"),
        (user_split, table([1, 1, 1]), "fit"),
        (user_split, table([1, 1, 2]), "fit"),
        (random_split, table([1, 1]).select([]), "fit"),
        (leave_last_out_split, table([1, 1]).select([]), "fit"),
        (temporal_split, table([1, 1]).select([]), "fit"),
        (user_split, table([1, 1]).select([]), "fit"),
    ],
)
def test_an_empty_part_is_refused(split: object, ratings: Ratings, part: str) -> None:
    with pytest.raises(DataError, match=f"the {part} part of the .* split of toy is empty .* use more ratings"):
        split(ratings)


@pytest.mark.parametrize("cached", [1, 7, 64, 10**6])
@pytest.mark.parametrize("n_users", [1, 20, 500])
def test_sorting_some_users_at_a_time_is_sorting_all(
    cached: int, n_users: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users, then keys; ties, of which there are many, stay in the order of the file."""
    monkeypatch.setattr(splits, "CACHED", cached)
    rng = np.random.default_rng(n_users)
    users, key = rng.integers(n_users, size=300).astype(np.int32), rng.integers(5, size=300).astype(np.float64)
    for rows in (slice(None), slice(0), slice(1)):
        np.testing.assert_array_equal(splits._by_user(users[rows], key[rows]), np.lexsort((key[rows], users[rows])))


def test_parts_must_be_disjoint_and_in_range() -> None:
    ratings = table([1, 1, 2])
    rows = [np.array([row]) for row in range(4)]
    assert Split("x", ratings, rows[0], rows[1], rows[2]).test.users.tolist() == [1]
    with pytest.raises(DataError, match="the parts of the x split share rows"):
        Split("x", ratings, rows[0], rows[1], rows[0])
    with pytest.raises(DataError, match="rows of a split must be from 0 to 2, got 0 to 3"):
        Split("x", ratings, rows[0], rows[1], rows[3])
    with pytest.raises(DataError, match=r"the parts of the x split share \(user, item\) pairs"):
        Split("x", ratings.select([0, 1, 0]), rows[0], rows[1], rows[2])
