"""What islands know, from the package and from result files: functions by name, whose results become `drr.data[name]`.

Only plain values: numbers, words, lists and dictionaries of them.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import island_results

from drr_tutorial.lab.tiny import ITEMS, MOST_STEPS
from drr_tutorial.representation import traces
from drr_tutorial.worlds import planning, tiny

DIGITS = 12  # of items: more than the page's dynamics are held to


def tiny_world() -> dict[str, Any]:
    """The rules of the tiny world (chapter 7)."""
    return {
        "items": ITEMS,
        "topic": tiny.TOPIC.tolist(),
        "depth": tiny.DEPTH.tolist(),
        "taste": tiny.TASTE.tolist(),
        "boredomLevels": tiny.BOREDOM_LEVELS,
        "interestLevels": tiny.INTEREST_LEVELS,
        "boredomWeight": tiny.BOREDOM_WEIGHT,
        "levelWorth": tiny.LEVEL_WORTH,
        "depthCost": tiny.DEPTH_COST,
        "sharpness": planning.SHARPNESS,
        "threshold": planning.THRESHOLD,
        "leavesAfterLike": planning.LEAVES_AFTER_LIKE,
        "leavesAfterDislike": planning.LEAVES_AFTER_DISLIKE,
        "longest": MOST_STEPS,
        "mostItems": planning.PlanningWorld().max_steps,  # where nobody leaves
    }


def planning_world() -> dict[str, Any]:
    """The planning world, its bounds, and what the agent of "The whole agent" makes of items."""
    world = planning.PlanningWorld()
    known = island_results.summary("planning")["bounds"]["all"]
    return {
        "topics": world.items.topics.round(DIGITS).tolist(),
        "depths": world.items.depths.round(DIGITS).tolist(),
        "corners": world.items.corners.round(DIGITS).tolist(),
        "tasteShape": planning.TASTE_SHAPE,
        "sharpness": planning.SHARPNESS,
        "threshold": planning.THRESHOLD,
        "boredomWeight": planning.BOREDOM_WEIGHT,
        "boredomStays": planning.BOREDOM_STAYS,
        "depthCost": planning.DEPTH_COST,
        "growth": planning.GROWTH,
        "interestStays": planning.INTEREST_STAYS,
        "mostInterest": planning.MOST_INTEREST,
        "leavesAfterLike": planning.LEAVES_AFTER_LIKE,
        "leavesAfterDislike": planning.LEAVES_AFTER_DISLIKE,
        "maxSteps": world.max_steps,
        "fades": traces.DECAYS,
        "traceSize": traces.SIZE,
        "userSize": traces.USER_SIZE,
        "bounds": {name: known[name] for name in ("static", "myopic", "planner")},
    }


DATA: dict[str, Callable[[], Any]] = {
    "tiny": tiny_world,
    "planning": planning_world,
    "episodes": island_results.episodes,
    "seeds": island_results.seeds,
}


def exported() -> dict[str, Path]:
    """Data that a command has written before, of what is there: the agents of `drr-tutorial export-web`, whose films
    are no part of the repository. BOOK_FILMS says where else they lie.
    """
    films = Path(os.environ.get("BOOK_FILMS", Path(__file__).parents[2] / "_build" / "films.js"))
    return {"films": films} if films.is_file() else {}
