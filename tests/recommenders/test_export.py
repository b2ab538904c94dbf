"""An agent for other programs: a nearest-neighbour index and an ONNX file say what the agent says."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import EASERecommender, IALSRecommender
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.recommenders.index import ItemIndex
from drr_tutorial.recommenders.onnx import example_inputs, export_onnx
from drr_tutorial.recommenders.vectors import item_vectors, query_vectors
from tests.contracts.test_recommenders import tiny_config


@pytest.fixture(scope="module")
def agent(synthetic: Ratings) -> DRRRecommender:
    return DRRRecommender(tiny_config(), progress=False).fit(synthetic)


@pytest.fixture(scope="module", params=["DRR", "iALS"])
def fitted(request: pytest.FixtureRequest, agent: DRRRecommender, synthetic: Ratings) -> Recommender:
    return agent if request.param == "DRR" else IALSRecommender(n_factors=16).fit(synthetic)


def test_dot_products_of_the_vectors_are_the_scores(fitted: Recommender, synthetic: Ratings) -> None:
    users = synthetic.user_ids[:20]
    products = query_vectors(fitted, users) @ item_vectors(fitted).T
    liked_or_new = synthetic.select(~synthetic.liked).matrix()[:20].toarray() == 0  # an agent puts dislikes last
    np.testing.assert_allclose(products[liked_or_new], fitted.scores(users)[liked_or_new], rtol=1e-4, atol=1e-4)


def test_who_has_no_vectors_says_so(synthetic: Ratings) -> None:
    with pytest.raises(ValueError, match="recommender must score by vectors, .*got EASERecommender"):
        item_vectors(EASERecommender().fit(synthetic))
    with pytest.raises(RuntimeError, match="has learned nothing yet"):
        item_vectors(IALSRecommender())


def test_who_is_not_fitted_or_no_agent_says_so(synthetic: Ratings, tmp_path: Path) -> None:
    for ask in (item_vectors, lambda agent: export_onnx(agent, tmp_path / "agent.onnx")):
        with pytest.raises(RuntimeError, match="DRRRecommender has learned nothing yet"):
            ask(DRRRecommender("simple"))
    with pytest.raises(TypeError, match="agent must be a DRRRecommender, got IALSRecommender; .*ItemIndex"):
        export_onnx(IALSRecommender().fit(synthetic), tmp_path / "agent.onnx")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["DRR", "iALS"])
@pytest.mark.parametrize("again", ["fit", "partial_fit"])
def test_an_index_of_old_vectors_says_so(kind: str, again: str, agent: DRRRecommender, synthetic: Ratings) -> None:
    """With a new item all later places are other items, so old places would be wrong lists."""
    learner = copy.copy(agent) if kind == "DRR" else IALSRecommender(n_factors=8).fit(synthetic)
    index = ItemIndex(learner, None)
    new = Ratings.from_columns([1], [-1], [5], [0], beside=synthetic)
    learner.partial_fit(new) if again == "partial_fit" else learner.fit(synthetic)
    with pytest.raises(DataError, match="index holds the vectors of before the latest fit .*ItemIndex.of"):
        index.recommend([1], 3)


def test_an_index_searches_for_some_users_at_a_time(fitted: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss", reason="needs the extra 'index'")
    index, users = ItemIndex.of(fitted, "exact"), fitted.ratings.user_ids
    whole = index.recommend(users, 10)
    searched: list[tuple[int, int]] = []
    search = ItemIndex.search

    def noted(self: ItemIndex, queries: Any, k: int) -> Any:
        searched.append((len(queries), k))
        return search(self, queries, k)

    monkeypatch.setattr(ItemIndex, "search", noted)
    monkeypatch.setattr("drr_tutorial.recommenders.index.CELLS", 1000)
    pd.testing.assert_frame_equal(index.recommend(users, 10), whole)
    assert len(searched) > 5 and max(queries * k for queries, k in searched) <= 1000
    assert index.recommend([], 10).columns.tolist() == whole.columns.tolist()


@pytest.mark.parametrize(("kind", "recall"), [("exact", 1.0), ("hnsw", 0.95)])
def test_an_index_finds_what_the_recommender_finds(fitted: Recommender, kind: str, recall: float) -> None:
    pytest.importorskip("faiss", reason="needs the extra 'index'")
    users = fitted.ratings.user_ids
    expected = fitted.recommend_all(users, 10, progress=False)
    found = ItemIndex.of(fitted, kind).recommend(users, 10)  # type: ignore[arg-type]
    both = pd.merge(expected, found, on=["user_id", "item_id"])
    assert len(found) == len(expected) and found.columns.tolist() == expected.columns.tolist()
    assert len(both) >= recall * len(expected) - 2  # rounding may swap two at the end
    np.testing.assert_allclose(both["score_x"], both["score_y"], rtol=1e-4, atol=1e-4)


def test_an_index_in_a_file(fitted: Recommender, tmp_path: Path) -> None:
    faiss = pytest.importorskip("faiss", reason="needs the extra 'index'")
    index = ItemIndex.of(fitted, "exact")
    index.write(tmp_path / "items.faiss")
    queries = query_vectors(fitted, fitted.ratings.user_ids[:3])
    items = faiss.read_index(str(tmp_path / "items.faiss")).search(queries, 5)[1]
    np.testing.assert_array_equal(items, index.search(queries, 5)[0])
    with pytest.raises(ValueError, match="kind must be 'exact' or 'hnsw', got 'tree'"):
        ItemIndex.of(fitted, "tree")  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore")
def test_an_onnx_file_scores_as_the_agent_does(agent: DRRRecommender, tmp_path: Path) -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="needs the extra 'onnx', and onnxruntime")
    import onnxruntime

    export_onnx(agent, tmp_path / "agent.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "agent.onnx"))
    for users in (agent.ratings.user_ids[:7], agent.ratings.user_ids[-1:]):  # batches of any size
        (scores,) = session.run(["scores"], example_inputs(agent, users))
        products = query_vectors(agent, users) @ item_vectors(agent).T
        np.testing.assert_allclose(scores, products, rtol=1e-4, atol=1e-4)
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["item_ids"]) == agent.ratings.item_ids.tolist()
    assert about["fingerprint"] == agent.ratings.fingerprint()
    assert [path.name for path in tmp_path.iterdir()] == ["agent.onnx"]
