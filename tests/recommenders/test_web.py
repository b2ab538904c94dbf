"""Agents for a page: what the script holds, what it never holds, and what is refused. That a page makes the same lists of it
is tested where there is a browser (`tests/book/test_film_lists.py`)."""

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drr_tutorial.config import PRESETS
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.recommenders.web import as_values, export_web
from drr_tutorial.representation.states import STATES, DRRAve

SIMPLE = PRESETS["simple"]


def short(**embedding: Any) -> DRRRecommender:
    """An agent that is trained in a second."""
    config = dataclasses.replace(
        SIMPLE,
        embedding=dataclasses.replace(SIMPLE.embedding, n_factors=6, n_iterations=2, **embedding),
        training=dataclasses.replace(SIMPLE.training, passes=0.2, batch_size=64),
    )
    return DRRRecommender(config, progress=False)


@pytest.fixture(scope="module")
def agent(synthetic: Ratings) -> DRRRecommender:
    return short().fit(synthetic)


def decoded(array: dict[str, Any]) -> Any:
    """Numbers of an array as it is written."""
    kind = np.dtype(array["type"]).newbyteorder("<")
    return np.frombuffer(base64.b64decode(array["base64"]), kind).reshape(array["shape"])


def test_the_script_is_one_statement_with_catalogue_and_vectors(agent: DRRRecommender, tmp_path: Path) -> None:
    size = export_web({"mine": agent}, tmp_path / "films.js")
    text = (tmp_path / "films.js").read_text(encoding="utf-8")
    assert len(text.encode()) == size
    start, end = 'drr.data["films"] = ', ";\n"
    assert text.startswith(start) and text.endswith(end)
    values, data = json.loads(text[len(start) : -len(end)]), agent.ratings
    assert values["items"]["ids"] == data.item_ids.tolist()
    assert values["items"]["titles"] == data.titles.tolist()
    genres = [tuple(values["items"]["genreNames"][n] for n in found) for found in values["items"]["genres"]]
    assert genres == list(data.genres)
    (part,) = values["agents"][0]["parts"]
    assert np.array_equal(decoded(values["arrays"][part["items"]]), agent.embeddings.items)
    assert np.abs(decoded(values["arrays"][values["places"]])).max() == 1


def test_nobodys_ratings_and_vectors_are_in_it(agent: DRRRecommender) -> None:
    values, n_users = as_values({"mine": agent}), agent.ratings.n_users
    shapes = [array["shape"] for array in values["arrays"].values()]
    assert n_users not in {size for shape in shapes for size in shape}
    users = {
        row.astype(np.float32).tobytes()
        for row in (*agent.embeddings.users, *agent.networks.users.weight.detach().numpy())
    }
    rows = [row for array in values["arrays"].values() for row in np.atleast_2d(decoded(array)).astype(np.float32)]
    assert not users & {row.tobytes() for row in rows}
    assert set(values) == {"name", "items", "places", "spread", "agents", "arrays"}


def test_equal_arrays_are_written_once_and_16_bits_where_that_loses_nothing(agent: DRRRecommender) -> None:
    one, two = as_values({"a": agent}), as_values({"a": agent, "b": agent})
    assert one["arrays"] == two["arrays"] and len(two["agents"]) == 2
    place_weights = one["arrays"][one["agents"][0]["state"]["weights"]["weights"]]
    exact = np.array_equal(decoded(place_weights).ravel(), agent.networks.state.weights.detach().numpy().ravel())
    assert exact
    kinds = {array["type"] for array in one["arrays"].values()}
    assert "float32" in kinds and kinds <= {"float16", "float32"}


@pytest.mark.parametrize(
    ("setting", "embedding"), [("method='scratch'", {"method": "scratch"}), ("learning_rate", {"learning_rate": 1e-4})]
)
def test_vectors_that_a_page_cannot_fold_into_are_refused(
    synthetic: Ratings, setting: str, embedding: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=f"agent 'mine' was trained with embedding.{setting}.*ials or pmf"):
        as_values({"mine": short(**embedding).fit(synthetic)})


def test_a_state_of_somebodys_own_is_refused(
    synthetic: Ratings, monkeypatch: pytest.MonkeyPatch, agent: DRRRecommender
) -> None:
    monkeypatch.setitem(STATES, "drr-ave", type("Own", (DRRAve,), {"__module__": "elsewhere"}))
    with pytest.raises(ValueError, match=r"agent\.state='drr-ave', which a page cannot follow"):
        as_values({"mine": short().fit(synthetic)})


def test_agents_must_have_one_catalogue_and_be_fitted(
    agent: DRRRecommender, synthetic: Ratings, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="at least one trained agent"):
        export_web({}, tmp_path / "films.js")
    first = synthetic.items < 80
    fewer = Ratings.from_columns(synthetic.users[first], synthetic.items[first], synthetic.ratings[first])
    with pytest.raises(ValueError, match=r"that of 'other' \(80 items\) differs from the first one's \(495\)"):
        export_web({"mine": agent, "other": short().fit(fewer)}, tmp_path / "films.js")
    with pytest.raises(RuntimeError, match="fit"):
        export_web({"mine": short()}, tmp_path / "films.js")
    assert not list(tmp_path.iterdir())
