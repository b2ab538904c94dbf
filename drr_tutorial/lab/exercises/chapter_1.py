"""Checks of chapter 1: the long tail, discounted returns, and what chance reaches."""

import math
from typing import Any

import numpy as np

from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.exercises import Check, answers

REWARDS, GAMMA = (1.0, 0.0, 1.0, 1.0), 0.5  # of exercise 1.2
LENGTH, K = 100, 10  # the lists of exercises 1.3 and 1.4
DISCOUNTS = [1 / math.log2(1 + rank) for rank in range(1, K + 1)]


def share_of_the_head(answer: Any) -> str | None:
    """1.1: the share of all likes of ml-100k that the most liked 10 % of its films hold."""
    number = _number(answer)
    if number is None:
        return "Pass one number, a share between 0 and 1."
    ratings = load_ratings("ml-100k", progress=False)
    likes = np.sort(_per_item(ratings.positives()))
    n_head = round(0.1 * len(likes))
    shares = {
        None: likes[-n_head:].sum() / likes.sum(),
        "You took the least liked films. Sort the other way round, or take the other end.": (
            likes[:n_head].sum() / likes.sum()
        ),
        "These are ratings, good and bad. Count likes only: `likes = ratings.positives()`.": (
            np.sort(_per_item(ratings))[-n_head:].sum() / len(ratings)
        ),
        "Close. Films that nobody likes belong to the catalogue, too: take 10 % of all `ratings.n_items` films.": (
            likes[-round(0.1 * (likes > 0).sum()) :].sum() / likes.sum()
        ),
    }
    for hint, share in shares.items():
        if _near(number, share, 0.003):
            return hint
    if _near(number, 100 * shares[None], 0.3):
        return "The number is right as a percentage; pass the share, between 0 and 1."
    if number > 1:
        return "A share lies between 0 and 1. Divide the likes of the head by the likes of all films."
    return "Count the likes of each film, sort the counts, add up the largest tenth, divide by the sum of all."


def discounted_return(answer: Any) -> str | None:
    """1.2: the return of the rewards 1, 0, 1, 1 with a discount of 0.5, from the first step on."""
    number = _number(answer)
    if number is None:
        return "Pass one number: the return from the first step on."
    right = sum(GAMMA**step * reward for step, reward in enumerate(REWARDS))
    hints = {
        right: None,
        sum(REWARDS): "This is the plain sum. Weigh the reward of step k by gamma to the power k.",
        GAMMA * right: "The first reward is not discounted: the powers of gamma start at 0.",
        sum(GAMMA**k for k in range(3)): "A step without a reward counts as a step: the power grows there, too.",
        sum(GAMMA**k * r for k, r in enumerate(REWARDS[::-1])): (
            "You started from the last reward. The nearest reward weighs most, the last one least."
        ),
        right / len(REWARDS): "Do not divide by the number of steps: a return is a sum, not a mean.",
    }
    for value, hint in hints.items():
        if _near(number, value, 1e-6):
            return hint
    if _near(number, right, 6e-3):
        return "Right as far as it goes. Give three decimals."
    return "Write down the four rewards, below them 1, 0.5, 0.25, 0.125; multiply in pairs and add up."


def chance_of_a_hit(answer: Any) -> str | None:
    """1.3: HR@10 of random scores, one liked film among 99 others."""
    number = _number(answer)
    if number is None:
        return "Pass one number, a probability between 0 and 1."
    hints = {
        K / LENGTH: None,
        K / (LENGTH - 1): "The liked film is in the list, too: how many films does the list have in all?",
        1 / LENGTH: "This is the chance of the first place. Any of the first ten places is a hit.",
        K / (LENGTH + 1): "The list has the liked film and 99 others, not 100 others.",
        100 * K / LENGTH: "The number is right as a percentage; pass the probability, between 0 and 1.",
        1 - (1 - 1 / LENGTH) ** K: "The film has one place only: the ten chances exclude each other, so add them up.",
    }
    for value, hint in hints.items():
        if _near(number, value, 1e-6):
            return hint
    return "Each of the 100 places is as likely as any other. How many of them are hits?"


def gain_of_chance(answer: Any) -> str | None:
    """1.4: the expected nDCG@10 of random scores on the same lists."""
    number = _number(answer)
    if number is None:
        return "Pass one number between 0 and 1."
    natural = sum(1 / math.log(1 + rank) for rank in range(1, K + 1)) / LENGTH
    hints = {
        sum(DISCOUNTS) / LENGTH: None,
        sum(DISCOUNTS) / K: "This is the mean given a hit. A place outside the first ten is worth 0: divide by 100.",
        sum(DISCOUNTS): "This is the sum over the ten places. Multiply by the chance of each place, 1/100.",
        sum(DISCOUNTS) / (LENGTH - 1): "The list has 100 places: the liked film and 99 others.",
        K / LENGTH: "This is the hit rate. In nDCG a hit at rank r is worth 1 / log2(1 + r), not 1.",
        natural: "The logarithm has base 2, so that the first place is worth 1.",
    }
    for value, hint in hints.items():
        if _near(number, value, 1e-3 * value):
            return hint
    if _near(number, sum(DISCOUNTS) / LENGTH, 6e-4):
        return "Right as far as it goes. Give four decimals."
    return "Sum 1 / log2(1 + r) over the ranks 1 to 10, each with the chance that the film stands there."


def _per_item(ratings: Ratings) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.bincount(ratings.items, minlength=ratings.n_items)


def _number(answer: Any) -> float | None:
    """The answer as a float, or None if it is not one finite number."""
    found = None if isinstance(answer, bool | str) else answers.numbers(answer)
    return None if found is None else float(found)


def _near(number: float, value: float, tolerance: float) -> bool:
    return abs(number - value) <= tolerance


CHECKS: dict[str, Check] = {
    "1.1": share_of_the_head,
    "1.2": discounted_return,
    "1.3": chance_of_a_hit,
    "1.4": gain_of_chance,
}
