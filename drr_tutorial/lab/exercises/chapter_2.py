"""Checks of chapter 2: a reward function, a memory, what random earns, and how episodes end."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers

STARS = np.array([1, 2, 3, 4, 5], dtype=np.float32)
PAID = np.array([-0.5, -0.5, 0, 0.5, 1])
MEMORIES = ((10, 10, 4, 2), (2, 1, 6, 8))
RANDOM_TOTALS = (15.0, 0.6)  # 30 likes: 30 steps at 30 of 60, and 30 steps at 30 of 1,500
ENDINGS = ((True, True), (False, True), (True, False))


def check_reward(answer: Any) -> str | None:
    """2.1: a function from an array of stars to rewards: 5 pays 1, 4 pays 0.5, 3 nothing, less costs 0.5."""
    if not callable(answer):
        return 'Pass the function itself, not its result: check("2.1", my_reward).'
    try:
        paid = np.asarray(answer(STARS), dtype=np.float64)
    except Exception as error:  # whatever a reader's function raises is an answer to be explained
        return f"Your function fails for an array of stars ({type(error).__name__}). Use np.select or np.where, not if."
    if paid.shape != STARS.shape:
        return f"For {len(STARS)} ratings it must return {len(STARS)} rewards, it returned the shape {paid.shape}."
    wrong = np.flatnonzero(~np.isclose(paid, PAID))
    if not len(wrong):
        return None
    if PAID[wrong[0]] == -0.5 and paid[wrong[0]] == 0:
        return "A disliked film must cost something: 1 and 2 stars pay -0.5."
    first = wrong[0]
    return f"{STARS[first]:g} stars must pay {PAID[first]:g}, your function pays {paid[first]:g}."


def check_memory(answer: Any) -> str | None:
    """2.2: the memories after five and after all eight steps."""
    memories = _lists(answer)
    if memories is None or len(memories) != 2 or any(len(memory) != 4 for memory in memories):
        return "Pass two lists of four item indices: the memory after five steps, and after all eight."
    if memories == list(MEMORIES):
        return None
    if memories == [memory[::-1] for memory in MEMORIES]:
        return "The right items in the wrong order: the oldest comes first, the latest like last."
    first, second = memories
    if first[-2:] == (4, 2) and 10 not in first[:2] and set(first[:2]) <= {0, -1}:
        return "Padding is the index after the last item: 10 in a catalogue of 10 items."
    if first == (4, 2, 10, 10):
        return "Padding stays on the left: new likes come in from the right."
    if {7, 9} & {*first, *second}:
        return "Only likes (more than 3 stars) enter the memory. 3 stars are not more than 3."
    if first.count(4) + first.count(2) > 2 or second == (4, 1, 6, 8):
        return "An item can be shown once: the second time it pays nothing and leaves the memory as it is."
    if second == MEMORIES[1]:
        return "The second memory is right. Look again at the first: what has happened after five steps?"
    if first == MEMORIES[0]:
        return "The first memory is right. For the second, each like pushes out the oldest place, padding included."
    return "Go through the steps one by one: a like comes in at the right and pushes out the place at the left."


def check_random(answer: Any) -> str | None:
    """2.3: the total that random expects with balanced candidates and with the catalogue."""
    totals = answers.numbers(answer, 2)
    if totals is None:
        return "Pass two numbers: the total with balanced candidates, and with the whole catalogue."
    if np.allclose(totals, RANDOM_TOTALS):
        return None
    if np.allclose(totals, RANDOM_TOTALS[::-1]):
        return "Right numbers, wrong order: balanced first."
    if np.allclose(totals, np.array(RANDOM_TOTALS) / 30):
        return "That is the expected reward of one step. The episode has 30 of them."
    if np.isclose(totals[0], 30):
        return "30 would be a like at every step. What share of the 60 candidates is liked?"
    if np.isclose(totals[0], RANDOM_TOTALS[0]):
        return "Balanced is right. With the catalogue, 30 of 1,500 items are liked, and there are still 30 steps."
    return "Each step is a like with the probability (liked candidates) / (candidates). Multiply by the steps."


def check_endings(answer: Any) -> str | None:
    """2.4: (terminated, truncated) after the last step of three episodes."""
    endings = _lists(answer)
    if endings is None or len(endings) != 3 or any(len(pair) != 2 for pair in endings):
        return "Pass three pairs (terminated, truncated) of True and False."
    if endings == list(ENDINGS):
        return None
    if endings == [pair[::-1] for pair in ENDINGS]:
        return "The pairs are the wrong way round: terminated comes first."
    if endings[0] != ENDINGS[0]:
        return "Episode a: two steps are the limit, and both likes were found. Both flags can be true at once."
    if endings[1] != ENDINGS[1]:
        return "Episode b: one like is still to be found, so the episode was only cut off."
    return "Episode c: the last like is found at step 3, and the limit is 10."


def _lists(answer: Any) -> list[tuple[Any, ...]] | None:
    """Nested sequences as a list of tuples of whole numbers or booleans; None for anything else."""
    try:
        rows = [tuple(np.asarray(row).tolist()) for row in answer]
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last from tensors that need a gradient
        return None
    return rows if all(isinstance(value, int | float) for row in rows for value in row) else None


CHECKS: dict[str, Check] = {
    "2.1": check_reward,
    "2.2": check_memory,
    "2.3": check_random,
    "2.4": check_endings,
}
