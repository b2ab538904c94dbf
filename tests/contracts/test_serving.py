"""What every recommender does for those who serve lists: many users, choices, reasons, new ratings, settings by name."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from drr_tutorial.data.ratings import DataError, Ratings, UnknownIdError
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import EASERecommender, IALSRecommender, PopularityRecommender
from drr_tutorial.recommenders.dislikes_last import DislikesLast
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.storage import StorageError
from tests.contracts.test_recommenders import MAKERS, make
from tests.toy import toy_ratings


def part_of(ratings: Ratings, rows: Any) -> Ratings:
    """These rows with a catalogue of their own."""
    chosen = ratings.select(rows)
    users, items = chosen.user_ids[chosen.users], chosen.item_ids[chosen.items]
    titles = dict(zip(ratings.item_ids.tolist(), ratings.titles.tolist(), strict=True))
    return Ratings.from_columns(users, items, chosen.ratings, chosen.timestamps, titles=titles)


@pytest.fixture(scope="module")
def cut(synthetic: Ratings) -> tuple[Ratings, Ratings]:
    """What is known: 280 users and most items; what comes later: half of the rows of a third of these users, 20 new
    users and 15 new items.
    """
    items = np.bincount(synthetic.items, minlength=synthetic.n_items).argsort()[-40:-25]
    later = (synthetic.users >= 280) | np.isin(synthetic.items, items)
    later |= (synthetic.users % 3 == 0) & (np.arange(len(synthetic)) % 2 == 0)
    return part_of(synthetic, ~later), part_of(synthetic, later)


@pytest.fixture(scope="module", params=MAKERS)
def fitted(request: pytest.FixtureRequest, cut: tuple[Ratings, Ratings]) -> Recommender:
    return make(request.param).fit(cut[0])


@pytest.fixture(scope="module")
def popularity(synthetic: Ratings) -> Recommender:
    return PopularityRecommender().fit(synthetic)


# Many users


def test_many_users_get_the_lists_of_each_alone(fitted: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drr_tutorial.recommenders.lists.CELLS", 7 * fitted.ratings.n_items)  # several blocks
    users = fitted.ratings.user_ids[[5, 0, 99, 17, 3, 200, 201, 202, 203]]
    many = fitted.recommend_all(users, 7, progress=False)
    assert many.columns.tolist() == ["user_id", "rank", "item_id", "title", "score"]
    assert many["user_id"].tolist() == np.repeat(users, 7).tolist()
    for user in users:
        own, alone = many[many["user_id"] == user], fitted.recommend(user, 7)
        assert own["rank"].tolist() == alone.index.tolist()
        np.testing.assert_allclose(own["score"], alone["score"], rtol=1e-4, atol=1e-4)
        shared = set(own["item_id"]) & set(alone["item_id"])
        assert len(shared) >= 6  # rounding may swap the last two


def test_who_has_seen_everything_has_no_rows_and_others_have_theirs() -> None:
    ratings = toy_ratings([(1, item, 5.0) for item in range(6)] + [(2, item, 5.0) for item in range(3)])
    agent = PopularityRecommender().fit(ratings)
    assert agent.recommend_all(k=10, progress=False)["user_id"].tolist() == [2, 2, 2]
    assert len(agent.recommend_all([1], progress=False)) == 0


@pytest.mark.parametrize("form", [".csv", ".tsv.gz", ".parquet"])
def test_a_file_holds_the_table(popularity: Recommender, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"lists{form}"
    written = popularity.write_lists(path, k=3, progress=False)
    table = pd.read_parquet(path) if form == ".parquet" else pd.read_csv(path, sep="\t" if "tsv" in form else ",")
    expected = popularity.recommend_all(k=3, progress=False)
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)
    assert (written.users, written.rows, written.short, written.fallback) == (300, len(expected), 0, 0)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_file_that_cannot_be_written_stays_as_it_was(
    popularity: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lists.csv"
    path.write_text("yesterday")
    with pytest.raises(StorageError, match="give a file whose name ends in .csv"):
        popularity.write_lists(tmp_path / "lists.xls")
    with pytest.raises(UnknownIdError, match="unknown user 'nobody'"):
        popularity.write_lists(path, ["nobody"])
    monkeypatch.setattr(PopularityRecommender, "_scores_of", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        popularity.write_lists(path, progress=False)
    assert path.read_text() == "yesterday" and len(list(tmp_path.iterdir())) == 1


# What may be in a list


def test_only_candidates_come_and_nothing_that_is_excluded(fitted: Recommender) -> None:
    ratings = fitted.ratings
    user, items = ratings.user_ids[8], ratings.item_ids[100:140].tolist()
    left = set(items) - set(ratings.item_ids[ratings.items[ratings.users == 8]])
    assert set(fitted.recommend(user, 50, candidates=[*items, "unheard of", -5])["item_id"]) == left
    few = fitted.recommend(user, 50, candidates=items, exclude=items[:30])
    assert set(few["item_id"]) == left & set(items[30:])
    liked = ratings.item_ids[[1, 2]].tolist()
    assert set(fitted.recommend_for(liked, 50, candidates=items)["item_id"]) == set(items) - set(liked)


def test_what_was_shown_yesterday_does_not_come_back(fitted: Recommender) -> None:
    users = fitted.ratings.user_ids[:20]
    yesterday = fitted.recommend_all(users, 5, progress=False)
    today = fitted.recommend_all(users, 5, exclude=yesterday, progress=False)
    pairs = [set(zip(table["user_id"], table["item_id"], strict=True)) for table in (yesterday, today)]
    assert len(pairs[1]) == 100 and not pairs[0] & pairs[1]
    out = yesterday[["item_id"]].head(5)  # without users: to nobody
    assert not set(fitted.recommend_all(users, 5, exclude=out, progress=False)["item_id"]) & set(out["item_id"])


def test_choices_may_be_any_table(popularity: Recommender) -> None:
    items = popularity.ratings.item_ids[:40]
    user = popularity.ratings.user_ids[0]
    for name in ("candidates", "exclude"):
        options: list[Any] = [{name: kind({"item_id": items})} for kind in (pd.DataFrame, pa.table)]
        lists = [popularity.recommend(user, 5, **one)["item_id"].tolist() for one in options]
        assert lists[0] == lists[1] and len(lists[0]) > 0
    shown = pa.table({"user_id": [user] * 40, "item_id": items})
    assert not set(popularity.recommend(user, 5, exclude=shown)["item_id"]) & set(items.tolist())
    with pytest.raises(ValueError, match="users must be a list of user ids, got a table"):
        popularity.recommend_all(pa.table({"user_id": [user]}), 5)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"candidates": 50}, ValueError, r"candidates must be a list of item ids, got 50; for one item write \[50\]"),
        ({"candidates": ["nothing"]}, UnknownIdError, "candidates must hold items of the training data"),
        ({"exclude": "50"}, ValueError, "exclude must be a list of item ids, got '50'"),
        ({"exclude": pd.DataFrame({"film": [1]})}, DataError, "exclude must have one column item_id, .* got .'film'."),
        (
            {"exclude": pd.DataFrame({"reader": [1], "item": [1]})},
            DataError,
            "exclude has a column 'reader' that is nei",
        ),
        ({"exclude": ["nothing", "none"]}, UnknownIdError, "exclude must hold items of the training data, got .'nothi"),
        ({"exclude": pd.DataFrame({"user": [1], "item": ["none"]})}, UnknownIdError, "exclude must hold items of the"),
        ({"candidates": pd.DataFrame({"user_id": [1], "item_id": [1]})}, DataError, "candidates are the same for all"),
        ({"fallback": "best"}, ValueError, "fallback must be 'popular' or None, got 'best'"),
        ({"excluded": [1]}, TypeError, "'excluded' is no option of lists; there are exclude_seen, "),
    ],
)
def test_choices_that_are_none(popularity: Recommender, options: Any, error: type[Exception], text: str) -> None:
    for ask in (lambda: popularity.recommend(1, **options), lambda: popularity.recommend_all([1], **options)):
        with pytest.raises(error, match=text):
            ask()


def test_a_stated_fallback(popularity: Recommender, synthetic: Ratings) -> None:
    mute = Ratings.from_columns([1, 1, 2, 2, 3], [1, 2, 1, 2, 3], [5, 4, 5, 2, 1])
    agent = IALSRecommender(n_factors=2).fit(mute)
    table = agent.recommend_all([1, 3, "new"], 5, fallback="popular", progress=False)
    assert table.groupby("user_id")["source"].first().to_dict() == {"1": "iALS", "3": "popular", "new": "popular"}
    assert table[table["user_id"] == "new"]["item_id"].tolist() == [1, 2, 3]
    assert table[table["user_id"] == "3"]["item_id"].tolist() == [1, 2]  # 3 was rated
    assert agent.recommend("new", 1, fallback="popular")["source"].tolist() == ["popular"]
    with pytest.raises(UnknownIdError):
        agent.recommend("new")


# Somebody new


@pytest.mark.parametrize("liked", [50, None, "50", {50}, np.array(50), {50: 5.0}])
def test_liked_items_are_a_list(fitted: Recommender, liked: Any) -> None:
    with pytest.raises(ValueError, match="liked_items must be a list of item ids, got"):
        fitted.recommend_for(liked)


def test_dislikes_are_left_out_and_ratings_are_likes_or_dislikes(fitted: Recommender) -> None:
    a, b, c, d = fitted.ratings.item_ids[[3, 40, 80, 120]].tolist()
    everything = fitted.ratings.n_items
    table = fitted.recommend_for([a, b], everything, disliked_items=[c, d])
    assert len(table) == everything - 4 and not {a, b, c, d} & set(table["item_id"])
    same = fitted.recommend_for(ratings={a: 5, c: 1.0, b: 4, d: 2}, k=everything)
    pd.testing.assert_frame_equal(same, table)
    back = fitted.recommend_for([a], everything, disliked_items=[c], exclude_seen=False)
    assert len(back) == everything
    with pytest.raises(ValueError, match="liked_items must be different item ids"):
        fitted.recommend_for([a], disliked_items=[a])


def test_a_dislike_moves_scores_away_from_what_is_like_it() -> None:
    from tests.toy import block_ratings

    ratings = block_ratings(60, 40, 2)
    for agent in (IALSRecommender(n_factors=4, regularization=5.0).fit(ratings), make("Gaussian").fit(ratings)):
        scores = agent.recommend_for(k=40, disliked_items=[0, 2, 4]).set_index("item_id")["score"]
        assert scores[[6, 8, 10]].max() < scores[[1, 3, 5]].min()


@pytest.mark.parametrize("value", [99, 0, "five", None, True, np.nan, [5]])
def test_a_rating_off_the_scale_is_no_answer(popularity: Recommender, value: Any) -> None:
    with pytest.raises(ValueError, match="ratings must be numbers from 1 to 5, .* for item 26; correct it"):
        popularity.recommend_for(ratings={26: value})


def test_who_likes_nothing_yet_gets_the_fallback(fitted: Recommender) -> None:
    with pytest.raises(ValueError, match="liked_items must be one or more .*got none; fallback='popular'"):
        fitted.recommend_for([])
    popular = PopularityRecommender().fit(fitted.ratings)
    expected = popular.recommend_for(popular.ratings.item_ids[:1], 5, exclude_seen=False)["item_id"].tolist()
    for nothing in ({}, {"liked_items": []}, {"ratings": {}}):
        table = fitted.recommend_for(k=5, fallback="popular", **nothing)  # type: ignore[arg-type]
        assert table["item_id"].tolist() == expected and set(table["source"]) == {"popular"}
    disliked = fitted.recommend_for(k=5, disliked_items=expected[:1], fallback="popular")
    assert disliked["item_id"].tolist()[:4] == expected[1:] and set(disliked["source"]) == {"popular"}
    liked = fitted.recommend_for(expected[:1], 5, fallback="popular")
    assert set(liked["source"]) == {fitted.label}
    pd.testing.assert_frame_equal(liked.drop(columns="source"), fitted.recommend_for(expected[:1], 5))


# Similar items and reasons


def test_similar_items_are_of_the_same_block(synthetic: Ratings) -> None:
    from tests.toy import block_ratings

    ratings = block_ratings(60, 40, 2)
    for name in ("item-kNN", "iALS", "Gaussian", "popularity", "dislikes last", "BPR"):
        table = make(name).fit(ratings).similar_items(4, 8)
        assert set(table["item_id"] % 2) == {0} and 4 not in set(table["item_id"]), name


def test_similar_items_of_every_recommender(fitted: Recommender) -> None:
    ids = fitted.ratings.item_ids
    table = fitted.similar_items(ids[3], 5, exclude=ids[:3].tolist())
    assert len(table) == 5 and (np.diff(table["score"]) <= 0).all() and not set(ids[:4]) & set(table["item_id"])
    with pytest.raises(UnknownIdError):
        fitted.similar_items("nothing")
    with pytest.raises(ValueError, match="item must be one item id"):
        fitted.similar_items(ids[:2])


def test_reasons_of_item_to_item_weights_are_these_weights(synthetic: Ratings) -> None:
    agent = EASERecommender(regularization=100.0).fit(synthetic)
    table, weights = agent.reasons(synthetic.user_ids[4], n=2), agent.weights
    liked, items = (synthetic.item_index(table[name]) for name in ("because_id", "item_id"))
    np.testing.assert_allclose(table["weight"], weights[liked, items], rtol=1e-3, atol=1e-5)
    assert (table.groupby("item_id").size() <= 2).all() and table["item_id"].nunique() == 10
    own = synthetic.items[(synthetic.users == 4) & synthetic.liked]
    first = table.iloc[0]
    best = own[weights[own, synthetic.item_index(first["item_id"])[0]].argmax()]
    assert first["because_id"] == synthetic.item_ids[best]


def test_reasons_of_every_recommender(fitted: Recommender) -> None:
    ratings = fitted.ratings
    table = fitted.reasons(ratings.user_ids[4])
    liked = set(ratings.item_ids[ratings.items[(ratings.users == 4) & ratings.liked]])
    assert set(table["because_id"]) <= liked and (table["weight"] > 0).all()
    personal = fitted.name not in ("random", "popularity", "average rating")
    assert (len(table) > 0) == personal
    few = fitted.reasons(liked_items=ratings.item_ids[[5, 9]].tolist(), items=[ratings.item_ids[30]], n=1)
    assert len(few) <= 1 and set(few["because_id"]) <= set(ratings.item_ids[[5, 9]])
    for wrong in ({}, {"user": 1, "liked_items": [1]}):
        with pytest.raises(ValueError, match="give either a user or liked_items"):
            fitted.reasons(**wrong)


# New ratings


def test_new_ratings_users_and_items_are_taken_in(
    fitted: Recommender, cut: tuple[Ratings, Ratings], synthetic: Ratings, tmp_path: Path
) -> None:
    agent, n_new = copy.copy(fitted), len(np.setdiff1d(cut[1].user_ids, cut[0].user_ids))
    assert agent.partial_fit(cut[1]) is agent and n_new == 20
    assert len(agent.ratings) == len(synthetic) and agent.ratings.n_users == 300
    assert set(cut[1].item_ids) <= set(agent.ratings.item_ids)
    assert np.isfinite(agent.scores(agent.ratings.user_ids)).all()
    user = cut[1].user_ids[-1]
    rated = cut[1].item_ids[cut[1].items[cut[1].user_ids[cut[1].users] == user]]
    assert not set(agent.recommend(user, 1000)["item_id"]) & set(rated)
    agent.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model")
    for one in (user, agent.ratings.user_ids[0]):
        pd.testing.assert_frame_equal(loaded.recommend(one), agent.recommend(one), check_exact=True)
    assert fitted.ratings.n_users == 280  # the copy alone has grown


def test_partial_fit_finds_what_a_whole_fit_finds(synthetic: Ratings, cut: tuple[Ratings, Ratings]) -> None:
    def found(agent: Recommender) -> float:
        """Mean share of the latest likes of new users in the best quarter, of agents that know the others."""
        new = np.flatnonzero((synthetic.users >= 280) & synthetic.liked)
        test = new[::4]
        grown = agent.partial_fit(part_of(synthetic, np.setdiff1d(later, test)))
        scores = grown.scores(synthetic.user_ids[synthetic.users[test]])
        items = grown.ratings.item_index(synthetic.item_ids[synthetic.items[test]])
        return float((scores < scores[np.arange(len(items)), items, None]).mean())

    later = np.flatnonzero(synthetic.users >= 280)
    known = part_of(synthetic, synthetic.users < 280)
    shares = [found(make(name).fit(known)) for name in ("random", "iALS", "DRR")]
    assert abs(shares[0] - 0.5) < 0.1 and min(shares[1:]) > 0.7


def test_closed_forms_know_all_that_a_whole_fit_knows(cut: tuple[Ratings, Ratings], synthetic: Ratings) -> None:
    for name in ("popularity", "average rating", "item-kNN", "EASE"):
        grown, whole = (
            make(name).fit(cut[0]).partial_fit(cut[1]),
            make(name).fit(part_of(synthetic, np.arange(len(synthetic)))),
        )
        np.testing.assert_allclose(grown.scores([1, 290]), whole.scores([1, 290]), rtol=1e-4, atol=1e-5)


def test_whoever_has_nothing_new_keeps_the_scores_of_known_items(cut: tuple[Ratings, Ratings]) -> None:
    agent = make("iALS").fit(cut[0])
    later = part_of(cut[1], np.isin(cut[1].user_ids[cut[1].users], cut[1].user_ids[::2]))
    quiet = np.setdiff1d(cut[0].user_ids, later.user_ids)
    assert len(quiet) > 50
    before, known = agent.scores(quiet), agent.ratings.item_ids
    agent.partial_fit(later)
    after = agent.scores(quiet)[:, agent.ratings.item_index(known)]
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)


def test_partial_fit_that_fails_leaves_the_old_agent(fitted: Recommender, cut: tuple[Ratings, Ratings]) -> None:
    before = copy.copy(fitted)
    without_times = Ratings.from_columns([1], [1], [5])
    ten = Ratings.from_columns([1, 2], [1, 1], [9, 2], [1, 2], liked_above=6)
    words = Ratings.from_columns(["ann"], ["tea"], [5], [1])
    for wrong, text in ((without_times, "give timestamps"), (ten, "say liked_above=3"), (words, "whole numbers")):
        with pytest.raises(DataError, match=text):
            fitted.partial_fit(wrong)
    with pytest.raises(TypeError, match="ratings must be Ratings"):
        fitted.partial_fit([1])  # type: ignore[arg-type]
    assert vars(fitted).keys() == vars(before).keys()
    assert all(vars(fitted)[name] is vars(before)[name] for name in vars(before))


def test_vectors_that_are_not_made_of_ratings_take_in_nothing(synthetic: Ratings) -> None:
    from dataclasses import replace

    from tests.contracts.test_recommenders import tiny_config

    config = tiny_config()
    vectors = replace(config.embedding, method="scratch", rated_factors=0, stars_factors=0, learning_rate=1e-3)
    agent = replace(config.agent, warm_start=False, critic_products=False)
    drr = DRRRecommender(replace(config, embedding=vectors, agent=agent), progress=False).fit(synthetic)
    with pytest.raises(ValueError, match="partial_fit needs vectors that are made of ratings alone"):
        drr.partial_fit(Ratings.from_columns([1], [1], [5], [1]))


@pytest.mark.parametrize("agent", [EASERecommender(), make("item-kNN"), DislikesLast(EASERecommender())])
def test_a_single_like_is_a_reason(agent: Recommender, synthetic: Ratings) -> None:
    item = synthetic.item_ids[np.bincount(synthetic.items).argmax()].item()
    table = agent.fit(synthetic).reasons(liked_items=[item], n=1)
    assert len(table) == 10 and set(table["because_id"]) == {item}
    np.testing.assert_allclose(table["weight"], agent.recommend_for([item])["score"])  # without it the sum is 0


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda agent: agent.similar_items(26, True), ValueError, "k must be a whole number, got True"),
        (lambda agent: agent.similar_items([26]), ValueError, r"item must be one item id, got \[26\]"),
        (lambda agent: agent.similar_items(np.nan), UnknownIdError, "unknown item nan"),
        (lambda agent: agent.similar_items(26, candidates=[]), UnknownIdError, "candidates must hold .*, got none"),
        (lambda agent: agent.similar_items(26, candidates=[26, None]), DataError, "candidates .*1 missing, .*in row 1"),
        (
            lambda agent: agent.recommend(1, exclude_seen="no"),
            ValueError,
            "exclude_seen must be True or False, got 'no'",
        ),
        (lambda agent: agent.reasons(1, n=0), ValueError, "n must be at least 1, got 0"),
        (lambda agent: agent.reasons(liked_items=[]), ValueError, "liked_items must be one or more item ids, got none"),
        (lambda agent: agent.reasons(1, items=["nothing"]), UnknownIdError, "unknown item 'nothing'"),
        (
            lambda agent: agent.recommend_all(pd.DataFrame({"user_id": [1]})),
            ValueError,
            "users .*, got a table of shape",
        ),
        (
            lambda agent: agent.recommend_all(np.array([[1]])),
            ValueError,
            "users must be a list of user ids, got a table",
        ),
        (lambda agent: agent.recommend_all({1}), ValueError, "users must be a list of user ids, got {1}"),
        (lambda agent: agent.write_lists(None), TypeError, "path must be the name of a file, got None"),
        (lambda agent: agent.write_lists("x" * 300 + ".csv"), StorageError, "cannot write .*name too long"),
        (
            lambda agent: agent.recommend_all(exclude=pd.DataFrame({"user_id": [1, None], "item_id": [26, 27]})),
            DataError,
            "exclude must hold ids, got 1 missing, the first in row 1; fill or drop",
        ),
    ],
)
def test_odd_questions_get_one_clear_answer(
    popularity: Recommender, call: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=f"(?i){text}"):
        call(popularity)


@pytest.mark.parametrize("fallback", [None, "popular"])
def test_who_is_named_twice_gets_one_list(popularity: Recommender, fallback: Any) -> None:
    table = popularity.recommend_all([3, 1, "3", 3.0], 2, progress=False, fallback=fallback)
    assert table["user_id"].astype(str).tolist() == ["3", "3", "1", "1"]
    assert len(popularity.recommend_all((user for user in [3, 1]), 2, progress=False)) == 4
    item = popularity.ratings.item_ids[5]
    assert len(EASERecommender().fit(popularity.ratings).reasons(1, items=[item, item], n=1)) == 1


def test_a_full_disk_leaves_the_lists_of_before(
    popularity: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    popularity.write_lists(tmp_path / "lists.csv", [1], 2, progress=False)
    before = (tmp_path / "lists.csv").read_bytes()
    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(StorageError, match="lists.csv: No space left on device; what was there before is unchanged"):
        popularity.write_lists(tmp_path / "lists.csv", k=3, progress=False)
    assert (tmp_path / "lists.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["lists.csv"]


# Settings by name


def test_clone_gives_an_unfitted_copy(fitted: Recommender) -> None:
    base = pytest.importorskip("sklearn.base")
    twin = base.clone(fitted)
    assert type(twin) is type(fitted) and twin.settings() == fitted.settings()
    with pytest.raises(RuntimeError, match="has learned nothing yet"):
        twin.recommend(1)


def test_other_settings_forget_what_was_learned(synthetic: Ratings) -> None:
    agent = EASERecommender(100.0).fit(synthetic)
    assert agent.set_params(regularization=100.0).recommend(1) is not None
    with pytest.raises(ValueError, match="'lambda' is no setting of EASERecommender; it has regularization"):
        agent.set_params(**{"lambda": 3})
    agent.recommend(1)
    with pytest.raises(RuntimeError, match="has learned nothing yet"):
        agent.set_params(regularization=5.0).recommend(1)
    outer = DislikesLast(EASERecommender(100.0))
    assert outer.get_params()["inner__regularization"] == 100.0
    assert outer.set_params(inner__regularization=7.0).inner.regularization == 7.0  # type: ignore[attr-defined]
    drr = DRRRecommender("simple")
    with pytest.raises(ValueError, match="config must be an ExperimentConfig or one of"):
        drr.set_params(config="simplest")
    assert drr.config == "simple" and drr.set_params(progress=False).progress is False


def test_a_setting_that_stays_as_it_was_forgets_nothing(synthetic: Ratings) -> None:
    fitted = IALSRecommender(n_factors=8, n_iterations=1).fit(synthetic)
    assert len(fitted.set_params(alpha=int(fitted.alpha), n_factors=8).recommend(1, 3)) == 3
    with pytest.raises(RuntimeError, match="has learned nothing yet"):
        fitted.set_params(n_factors=4).recommend(1, 3)


@pytest.mark.parametrize(
    ("agent", "params", "text"),
    [
        (EASERecommender(), {"regularization": "x"}, "regularization must be a number, got 'x'"),
        (EASERecommender(), {"regularization": np.nan}, "regularization must be a number, got nan"),
        (IALSRecommender(), {"n_factors": 2.5}, "n_factors must be a whole number, got 2.5"),
        (IALSRecommender(), {"seed": True}, "seed must be a whole number, got True"),
        (EASERecommender(), {"max_items": "5"}, "max_items must be a whole number or None, got '5'"),
        (make("Gaussian"), {"explore": "all"}, "explore must be one of 'no', 'ucb', 'thompson', got 'all'"),
        (DRRRecommender("simple"), {"progress": "no"}, "progress must be a bool, got 'no'"),
        (DislikesLast(EASERecommender()), {"inner": 5}, "inner must be a Recommender, got 5"),
        (DislikesLast(EASERecommender()), {"inner__regularization": None}, "regularization must be a number, got None"),
    ],
)
def test_a_setting_of_another_kind_changes_nothing(agent: Recommender, params: dict[str, Any], text: str) -> None:
    before = agent.get_params(deep=False)
    with pytest.raises(ValueError, match=text):
        agent.set_params(**params)
    assert agent.get_params(deep=False) == before


@pytest.mark.parametrize(
    ("agent", "text"),
    [
        (IALSRecommender("8"), "n_factors must be a whole number, got '8'"),  # type: ignore[arg-type]
        (IALSRecommender(alpha=None), "alpha must be a number, got None"),  # type: ignore[arg-type]
        (EASERecommender("x"), "regularization must be a number, got 'x'"),  # type: ignore[arg-type]
        (EASERecommender(max_items=2.5), "max_items must be a whole number or None, got 2.5"),  # type: ignore[arg-type]
        (DRRRecommender("simple", folder=5), "folder must be a str or a Path or None, got 5"),  # type: ignore[arg-type]
        (DislikesLast(EASERecommender("x")), "regularization must be a number, got 'x'"),  # type: ignore[arg-type]
        (DislikesLast(5), "inner must be a Recommender, got 5"),  # type: ignore[arg-type]
    ],
)
def test_a_setting_of_another_kind_stops_fit_before_it_starts(
    agent: Recommender, text: str, synthetic: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in (IALSRecommender, EASERecommender, DRRRecommender):
        monkeypatch.setattr(kind, "_fit", lambda self, ratings: pytest.fail("the work has started"))
    with pytest.raises(ValueError, match=f"^{text}$"):
        agent.fit(synthetic)


def test_what_a_class_keeps_under_other_names_is_its_own(synthetic: Ratings) -> None:
    class Damped(PopularityRecommender):
        def __init__(self, strength: int, hidden: int = 3) -> None:
            self.power = float(strength)

    assert Damped("2").fit(synthetic).power == 2.0  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers() -> None:
    agent = IALSRecommender().set_params(n_factors=np.int64(4), regularization=np.float32(2), alpha=3)
    assert (agent.n_factors, agent.regularization, agent.alpha) == (4, 2, 3)
    assert EASERecommender().set_params(max_items=np.int32(5)).set_params(max_items=None).max_items is None


def test_items_are_alike_for_everybody(popularity: Recommender) -> None:
    for_one = pd.DataFrame({"user_id": [1], "item_id": popularity.ratings.item_ids[:1]})
    with pytest.raises(ValueError, match="exclude must be for all"):
        popularity.similar_items(popularity.ratings.item_ids[1], exclude=for_one)
