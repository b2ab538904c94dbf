"""Lists for random answers, of the package's agent and of the agent in a page, side by side."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.synthetic import synthetic_ratings
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


def short(preset: str, embedding: Mapping[str, Any], **agent: Any) -> ExperimentConfig:
    """A preset with a short training and short vectors, and other settings of its vectors and its agent."""
    start, vectors = PRESETS[preset], {"n_factors": 8, "n_iterations": 3, **embedding}
    return dataclasses.replace(
        start,
        embedding=dataclasses.replace(start.embedding, **vectors),
        agent=dataclasses.replace(start.agent, actor_lr=1e-2, **agent),
        training=dataclasses.replace(start.training, passes=1.0, batch_size=128, critic_first=0.1, validation_share=0),
    )


@functools.cache
def agents_of_page() -> dict[str, DRRRecommender]:
    """What the pages of the tests have: two agents of an invented catalogue."""
    ratings = synthetic_ratings(seed=0, n_users=120, n_items=150)
    default = short("default", {"rated_factors": 8, "stars_factors": 4})
    configs = {"drr-ave": short("simple", {}), "default": default}
    return {name: DRRRecommender(config, progress=False).fit(ratings) for name, config in configs.items()}


def blank(browser: Any, then: Mapping[str, str] | None = None) -> Any:
    """A page with the scripts that compute lists, and nothing else; `then` runs after the script of that name."""
    page = browser.new_context().new_page()
    for name in SCRIPTS:
        page.add_script_tag(path=STATIC / f"{name}.js")
        if then and name in then:
            page.evaluate(then[name])
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
