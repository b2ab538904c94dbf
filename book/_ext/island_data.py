"""What islands know, from the package and from result files: functions by name, whose results become `drr.data[name]`.

Only plain values: numbers, words, lists and dictionaries of them.
"""

from collections.abc import Callable
from typing import Any

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


DATA: dict[str, Callable[[], Any]] = {"tiny": tiny_world}
