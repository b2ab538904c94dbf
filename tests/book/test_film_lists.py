"""The agent in a page gives the lists of the package: 200 people's, by every state, with likes and dislikes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from drr_tutorial import load_pretrained
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.recommenders.reasons import weights_of_likes
from drr_tutorial.recommenders.web import as_values
from tests.book import film_lists
from tests.book.film_lists import short

N_LISTS, K = 200, 10
AGENTS = {
    "default": short("default", {"rated_factors": 8, "stars_factors": 4}),
    "next": short("next", {}),
    "by stars": short("simple", {"method": "pmf"}, correction="sum"),
    "no warm start": short("simple", {}, warm_start=False, actor_hidden=(16,), actions="unit"),
    **{state: short("simple", {}, state=state) for state in ("drr-p", "drr-u", "drr-ave", "drr-att")},
}
LEFT_OUT = """([data, name, liked, disliked, item]) => {
  const agent = drr.filmAgent(data, name), score = (likes) => agent.look(likes, disliked).scores[item];
  const {whole, without} = agent.scores(liked, disliked, item);
  return [[whole, ...without], [score(liked), ...liked.map(one => score(liked.filter(other => other !== one)))]];
}"""
COUNTED = """() => { const { solver } = drr.linear; window.solved = 0;
  drr.linear.solver = (...given) => { window.solved += 1; return solver(...given); }; }"""
REASONS = """([data, name, liked, item]) => drr.filmReasons(drr.filmAgent(data, name), liked, [], item)
  .map(({item, weight}) => [item, weight])"""


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    found = film_lists.blank(browser)
    yield found
    found.context.close()


def require_same_lists(page: Any, agent: DRRRecommender, name: str) -> None:
    asked = film_lists.random_answers(agent.ratings.n_items, N_LISTS)
    ours = film_lists.of_package(agent, asked, K)
    theirs = film_lists.of_page(page, {name: agent}, name, asked, K)
    assert [items for items, _ in theirs] == [items for items, _ in ours]
    assert np.abs(np.array([s for _, s in theirs]) - np.array([s for _, s in ours])).max() < 1e-4


@pytest.mark.parametrize("name", AGENTS)
def test_a_page_gives_the_lists_of_the_package(page: Any, synthetic: Ratings, name: str) -> None:
    agent = DRRRecommender(AGENTS[name], progress=False).fit(synthetic)
    require_same_lists(page, agent, name)
    if AGENTS[name].agent.warm_start:  # what was learned shows, so that a page without it would not pass
        asked = film_lists.random_answers(synthetic.n_items, N_LISTS)
        bare, trained = (film_lists.of_package(a, asked, K) for a in (agent.before_training(), agent))
        assert np.abs(np.array([s for _, s in bare]) - np.array([s for _, s in trained])).max() > 1e-3


def test_it_gives_those_of_the_agent_that_comes_with_the_package(page: Any, ml_100k: Ratings) -> None:
    require_same_lists(page, load_pretrained("ml-100k", ml_100k), "default")


def test_reasons_are_those_of_the_package(page: Any) -> None:
    agent = film_lists.agents_of_page()["drr-ave"]
    for liked, _ in film_lists.random_answers(agent.ratings.n_items, 20, seed=1):
        items = np.setdiff1d(np.arange(5), liked)
        weights = (
            weights_of_likes(agent, np.array(liked, dtype=np.int64), items).T if liked else np.zeros((len(items), 0))
        )
        for item, row in zip(items.tolist(), weights.tolist(), strict=True):
            expected = sorted(((i, w) for i, w in zip(liked, row, strict=True) if w > 0), key=lambda pair: -pair[1])
            found = page.evaluate(REASONS, [as_values({"it": agent}), "it", liked, item])
            assert [i for i, _ in found] == [i for i, _ in expected]
            assert [w for _, w in found] == pytest.approx([w for _, w in expected], abs=1e-4)


@pytest.mark.parametrize("name", AGENTS)
def test_a_score_without_a_like_is_that_of_all_other_answers(page: Any, synthetic: Ratings, name: str) -> None:
    """It is computed from the equations of all answers, one like taken out of them."""
    values = as_values({name: DRRRecommender(AGENTS[name], progress=False).fit(synthetic)})
    for liked, disliked in [([3], []), ([3], [9]), *film_lists.random_answers(synthetic.n_items, 8, seed=2)]:
        found, expected = page.evaluate(LEFT_OUT, [values, name, liked, disliked, 0])
        assert found == pytest.approx(expected, abs=1e-9), (liked, disliked)


def test_reasons_of_many_likes_solve_no_more_equations_than_those_of_few(browser: Any) -> None:
    """So that whoever has answered a hundred films is answered at once, too."""
    page, agents = film_lists.blank(browser, {"linear": COUNTED}), film_lists.agents_of_page()
    for name, agent in agents.items():
        counts = []
        for many in (2, 100):
            page.evaluate("window.solved = 0")
            page.evaluate(REASONS, [as_values({name: agent}), name, list(range(many)), 120])
            counts.append(page.evaluate("window.solved"))
        assert counts[0] == counts[1] > 0
    page.context.close()
