"""The map of films and the bars of weights: what is drawn is what was given."""

import dataclasses

import numpy as np
import pytest
from matplotlib.colors import to_hex

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.figures.embeddings import film_map, memory_weights, principal_plane
from drr_tutorial.lab.figures.style import COLOURS, TEXT
from tests.toy import toy_ratings

VECTORS = np.random.default_rng(0).normal(size=(6, 4))


@pytest.fixture
def films() -> Ratings:
    genres = (("Drama",), ("Horror", "War"), ("War",), (), ("Comedy",), ("Drama", "Horror"))
    return dataclasses.replace(toy_ratings([(1, item, 5) for item in range(6)]), genres=genres)


def test_principal_plane_finds_the_plane_that_the_directions_lie_in() -> None:
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    circle = np.stack([2 * np.cos(angles), np.sin(angles)], axis=1)
    tilted = np.pad(circle, ((0, 0), (0, 2))) @ np.linalg.qr(VECTORS[:4])[0]
    places, shares = principal_plane(tilted)
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 1)  # unit length, nothing lost
    assert shares.sum() == pytest.approx(1)
    assert shares[0] > shares[1]


def test_principal_plane_agrees_with_scikit_learn() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition").PCA(n_components=2)
    expected = decomposition.fit_transform(VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True))
    places, shares = principal_plane(VECTORS)
    np.testing.assert_allclose(np.abs(places), np.abs(expected))
    np.testing.assert_allclose(shares, decomposition.explained_variance_ratio_)
    assert (places[np.abs(places).argmax(axis=0), [0, 1]] > 0).all()


def test_principal_plane_looks_at_directions_only() -> None:
    np.testing.assert_allclose(principal_plane(VECTORS * [[3]] * 5)[0], principal_plane(VECTORS)[0])
    assert np.isfinite(principal_plane(np.vstack([VECTORS, np.zeros(4)]))[0]).all()


def test_principal_plane_refuses_what_has_no_plane() -> None:
    with pytest.raises(ValueError, match="at least 2 rows and 2 columns, got shape"):
        principal_plane([[1.0, 2.0]])
    with pytest.raises(ValueError, match="must differ in direction, got 3 alike"):
        principal_plane(np.ones((3, 2)))


def test_film_map_colours_by_the_first_genre_and_names_the_films_asked_for(films: Ratings) -> None:
    items = np.array([5, 1, 2, 3, 4])
    figure = film_map(films, items, VECTORS[items], ["Horror", "War"], ["Film 3", "Film 2"])
    places, shares = principal_plane(VECTORS[items])
    others, horror, war = figure.axes[0].collections
    np.testing.assert_allclose(others.get_offsets(), places[[3, 4]])
    np.testing.assert_allclose(horror.get_offsets(), places[[0, 1]])
    np.testing.assert_allclose(war.get_offsets(), places[[2]])
    found = [to_hex(points.get_facecolor()[0]) for points in (others, horror, war)]
    assert found == [TEXT, COLOURS[0].lower(), COLOURS[1].lower()]
    assert [text.get_text() for text in figure.axes[0].texts] == ["Film 2", "Film 3"]
    assert [text.xy for text in figure.axes[0].texts] == [tuple(places[2]), tuple(places[3])]
    assert figure.axes[0].get_xlabel() == f"first direction, {100 * shares[0]:.0f} % of the variance"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["other", "Horror", "War"]


def test_film_map_has_six_colours(films: Ratings) -> None:
    with pytest.raises(ValueError, match="at most 6, one a colour, got 7"):
        film_map(films, np.arange(6), VECTORS, list("abcdefg"))


def test_memory_weights_draws_every_weight() -> None:
    weights = {"equal": [0.5, 0.5], "learned": [0.1, 0.9]}
    figure = memory_weights(["padding", "Film 1"], weights)
    bars = [[bar.get_width() for bar in container] for container in figure.axes[0].containers]
    assert bars == list(weights.values())
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["padding", "Film 1"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(weights)
    assert figure.axes[0].yaxis_inverted()
    middles = [bar.get_y() + bar.get_height() / 2 for container in figure.axes[0].containers for bar in container]
    np.testing.assert_allclose(middles, [-0.2, 0.8, 0.2, 1.2])
