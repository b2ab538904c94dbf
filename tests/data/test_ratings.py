"""The ratings table: ids in and out, selections, the matrix, the fingerprint, what it refuses."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from drr_tutorial.data.ratings import DataError, Ratings, UnknownIdError


@pytest.fixture
def films() -> Ratings:
    return Ratings.from_columns(
        users=[30, 10, 30, 20],
        items=["c", "a", "b", "a"],
        ratings=[5, 3, 1, 4],
        timestamps=[40, 30, 20, 10],
        titles={"a": "Alien (1979)", "b": "2001 (a film) (1968) "},
        genres={"a": ("Sci-Fi", "Horror")},
        name="films",
    )


def test_rows_keep_their_order_and_ids_are_sorted(films: Ratings) -> None:
    assert films.user_ids.tolist() == [10, 20, 30]
    assert films.item_ids.tolist() == ["a", "b", "c"]
    assert films.user_ids[films.users].tolist() == [30, 10, 30, 20]
    assert films.item_ids[films.items].tolist() == ["c", "a", "b", "a"]
    assert (films.users.dtype, films.ratings.dtype, films.timestamps.dtype) == (
        np.int32,
        np.float32,
        np.int64,
    )
    assert (len(films), films.n_users, films.n_items) == (4, 3, 3)


def test_titles_years_and_genres_belong_to_the_items(films: Ratings) -> None:
    assert films.titles.tolist() == ["Alien (1979)", "2001 (a film) (1968) ", "c"]
    assert films.years.tolist() == [1979, 1968, 0]
    assert films.genres == (("Horror", "Sci-Fi"), (), ())


def test_ids_are_found_alone_and_in_sequences(films: Ratings) -> None:
    assert films.user_index(20).tolist() == [1]
    assert films.user_index([30, 10, 30]).tolist() == [2, 0, 2]
    assert films.user_index("20").tolist() == [1]  # as a command line gives it
    assert films.item_index(np.array(["b"], dtype=object)).tolist() == [1]
    assert films.user_index([]).tolist() == []
    assert films.item_index("c").dtype == np.int32


@pytest.mark.parametrize("unknown", [11, -1, 99, 10.5, float("nan"), "ten", None, True, 2**70])
def test_unknown_users_are_named(films: Ratings, unknown: object) -> None:
    with pytest.raises(UnknownIdError, match="unknown user .* in films, whose 3 user ids are from 10 to 30"):
        films.user_index([10, unknown] if not isinstance(unknown, bool) else [unknown])


def test_a_word_among_numbers_hides_no_known_number(films: Ratings) -> None:
    for ids in ([10, "nobody", 99], [10, None, 99], [10, 2**70, 99]):
        with pytest.raises(UnknownIdError) as caught:
            films.user_index(ids)
        shown = str(caught.value).split(" in films")[0]
        assert "99" in shown
        assert "10" not in shown.replace(str(2**70), "")


def test_an_unknown_id_reads_as_a_sentence(films: Ratings) -> None:
    with pytest.raises(UnknownIdError) as caught:
        films.item_index(["a", "x", "y", "z", "w"])
    assert str(caught.value).startswith("unknown item 'x', 'y', 'z', ... in films")
    assert isinstance(caught.value, KeyError)


@given(st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(0, 5)), min_size=1, unique=True))
def test_index_and_id_are_inverse(rows: list[tuple[int, int]]) -> None:
    users, items = zip(*rows, strict=True)
    ratings = Ratings.from_columns(users, items, np.ones(len(rows)))
    np.testing.assert_array_equal(ratings.user_index(users), ratings.users)
    np.testing.assert_array_equal(ratings.user_ids[ratings.users], users)


def test_select_takes_masks_and_positions_and_keeps_the_catalogue(films: Ratings) -> None:
    assert films.select([3, 0]).ratings.tolist() == [4, 5]
    assert films.select([3, 0]).timestamps.tolist() == [10, 40]
    assert films.select(films.ratings > 3).users.tolist() == [2, 1]
    assert films.select([]).n_items == 3
    assert len(films.select([])) == 0
    with pytest.raises(DataError, match="a mask of 2 values for 4 ratings"):
        films.select(np.array([True, False]))


def test_positives_are_above_the_threshold(films: Ratings) -> None:
    assert films.positives().ratings.tolist() == [5, 4]
    assert films.liked_from(4).positives().ratings.tolist() == [5]


def test_matrix(films: Ratings) -> None:
    np.testing.assert_array_equal(films.matrix().toarray(), [[1, 0, 0], [1, 0, 0], [0, 1, 1]])
    np.testing.assert_array_equal(films.matrix(binary=False).toarray(), [[3, 0, 0], [4, 0, 0], [0, 1, 5]])
    assert films.matrix().dtype == np.float32


def test_fingerprint_tells_data_apart(films: Ratings) -> None:
    assert films.fingerprint() == films.select(range(4)).fingerprint()
    changed = [
        films.select([1, 0, 2, 3]),
        films.select([0, 1, 2]),
        dataclasses.replace(films, ratings=films.ratings + 1),
        dataclasses.replace(films, timestamps=None),
        dataclasses.replace(films, weights=np.ones(4, dtype=np.float32)),
        dataclasses.replace(films, weights=np.array([1, 1, 1, 2], dtype=np.float32)),
        dataclasses.replace(films, user_ids=films.user_ids + 1),
        dataclasses.replace(films, item_ids=np.array(["a", "b", "d"])),
    ]
    assert len({films.fingerprint(), *(other.fingerprint() for other in changed)}) == 1 + len(changed)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"items": np.zeros(3, dtype=np.int32)}, "Ratings.items has 3 rows, but users has 4"),
        ({"users": np.full(4, 3, dtype=np.int32)}, "Ratings.users must hold indices from 0 to 2, got 3 to 3"),
        ({"items": np.full(4, -1, dtype=np.int32)}, "Ratings.items must hold indices from 0 to 2, got -1"),
        ({"user_ids": np.array([10, 30, 20])}, "Ratings.user_ids must be ascending and unique"),
        (
            {"titles": np.array(["one"])},
            r"titles \(1\) and genres \(3\) must have one entry for each of the 3",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused(films: Ratings, change: dict[str, np.ndarray], text: str) -> None:
    with pytest.raises(DataError, match=text):
        dataclasses.replace(films, **change)


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            ([1, 1], [2, 2], [3, 4]),
            "1 duplicate .* pairs, the first: user 1 rates item 2 again in row 1; keep one",
        ),
        (([1, 2], [2, 2], [3, np.inf]), "ratings must be finite and at most 16,777,216 in size, got inf in row 1"),
        (([1.5, 2], [2, 2], [3, 4]), "user ids must be integers or strings, got float64"),
        (([1, 2], [2], [3, 4]), "Ratings.items has 1 rows, but users has 2"),
    ],
)
def test_columns_that_make_no_sense_are_refused(columns: tuple[list[float], ...], text: str) -> None:
    with pytest.raises(DataError, match=text):
        Ratings.from_columns(*columns)


@pytest.mark.parametrize("weight", [0, -1, np.inf, 1e9])
def test_weights_are_above_nothing_and_go_with_their_rows(films: Ratings, weight: float) -> None:
    with pytest.raises(DataError, match="weights must be above 0 and at most 16,777,216, got .* in row 1; correct"):
        Ratings.from_columns([1, 2], [2, 2], [3, 4], weights=[1, weight])
    with pytest.raises(DataError, match=r"Ratings.weights has 1 rows, but users has 2"):
        Ratings.from_columns([1, 2], [2, 2], [3, 4], weights=[1])
    found = Ratings.from_columns([1, 2], [2, 2], [3, 4], weights=[1, 7]).positives().weights
    assert found is not None and found.tolist() == [7]


def test_ids_of_mixed_types_become_strings() -> None:
    mixed = np.array([10, "9", "a"], dtype=object)
    assert Ratings.from_columns(mixed, [1, 2, 3], [1, 1, 1]).user_ids.tolist() == ["10", "9", "a"]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (
            {"titles": ["One", "Two"]},
            r"titles must map an item id to a text, got list; such as dict\(zip\(ids, titles\)\)",
        ),
        ({"genres": [("Drama",)]}, "genres must map an item id to a tuple of texts, got list"),
        ({"genres": {1: "Drama"}}, r"genres must map an item id to a tuple of texts, got 'Drama'; give \('Drama',\)"),
        ({"beside": "them"}, "beside must be Ratings, got str"),
    ],
)
def test_what_cannot_be_looked_up_is_refused(more: dict[str, Any], text: str) -> None:
    with pytest.raises(TypeError, match=text):
        Ratings.from_columns([1, 2], [1, 2], [1, 5], **more)
