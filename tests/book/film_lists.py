"""Lists for random answers, of the package's agent and of the agent in a page, side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.recommenders.web import as_values
from tests.book import islands

STATIC = islands.ROOT / "book" / "static" / "islands"
SCRIPTS = ("linear", "film_networks", "film_model")
LISTS = """([data, name, asked, k]) => {
  const agent = drr.filmAgent(data, name);
  return asked.map(([liked, disliked]) => {
    const { scores } = agent.look(liked, disliked), answered = new Set([...liked, ...disliked]);
    const order = [...scores.keys()].filter(item => !answered.has(item)).sort((a, b) => scores[b] - scores[a]).slice(0, k);
    return [order, order.map(item => scores[item])];
  });
}"""
Answers = tuple[list[int], list[int]]


def blank(browser: Any) -> Any:
    """A page with the scripts that compute lists, and nothing else."""
    page = browser.new_context().new_page()
    for name in SCRIPTS:
        page.add_script_tag(path=STATIC / f"{name}.js")
    return page


def random_answers(n_items: int, count: int, seed: int = 0) -> list[Answers]:
    """What `count` people like and dislike, items by place: one answer to twelve, no item twice."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        items = rng.permutation(n_items)[: rng.integers(1, 13)].tolist()
        cut = int(rng.integers(0, len(items) + 1))
        found.append((items[:cut], items[cut:]))
    return found


def of_package(agent: DRRRecommender, asked: list[Answers], k: int) -> list[tuple[list[int], list[float]]]:
    """`recommend_for`: items by place, and scores."""
    ids, lists = agent.ratings.item_ids, []
    for liked, disliked in asked:
        table = agent.recommend_for(ids[liked].tolist(), k, disliked_items=ids[disliked].tolist())
        lists.append((agent.ratings.item_index(table["item_id"].tolist()).tolist(), table["score"].tolist()))
    return lists


def of_page(page: Any, agents: Mapping[str, DRRRecommender], name: str, asked: list[Answers], k: int) -> list[Any]:
    """The same by the scripts of the islands."""
    return list(page.evaluate(LISTS, [as_values(agents), name, asked, k]))
