"""What islands know, from the package and from result files: functions by name, whose results become `drr.data[name]`.

Only plain values: numbers, words, lists and dictionaries of them.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import island_results

from drr_tutorial.lab.tiny import ITEMS, MOST_STEPS
from drr_tutorial.worlds import planning, tiny


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


DATA: dict[str, Callable[[], Any]] = {
    "tiny": tiny_world,
    "episodes": island_results.episodes,
    "seeds": island_results.seeds,
}


def exported() -> dict[str, Path]:
    """Data that a command has written before, of what is there: the agents of `drr-tutorial export-web`, whose films are
    no part of the repository. BOOK_FILMS says where else they lie.
    """
    films = Path(os.environ.get("BOOK_FILMS", Path(__file__).parents[2] / "_build" / "films.js"))
    return {"films": films} if films.is_file() else {}
