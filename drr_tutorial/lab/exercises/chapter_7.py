"""Checks of chapter 7: values by hand, where deep items begin, a broken target, what planning needs, a larger table."""

import math
from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers

GAMMA = 0.9
LIKES, NEXT = (
    np.array([0.858149, 0.645656]),
    0.710950,
)  # of the two items of topic 1 at the start, of the best one after
STAYS = LIKES * 0.99 + (1 - LIKES) * 0.9
TWO_STEPS = LIKES + GAMMA * STAYS * NEXT
FIRST_GAMMA = 0.81  # of 0, 0.01, 0.02, ...
BROKEN, RIGHT = 6.7339, 4.7979  # the value of the start state
NOTHING_TO_PLAN = frozenset("de")
TABLE = np.array([20**3, 6 * 20**3])  # states, entries


def check_two_steps(answer: Any) -> str | None:
    """7.1: Q at the start of the shallow and of the deep item of topic 1, with two steps to go and gamma 0.9."""
    found = answers.numbers(answer, 2)
    if found is None:
        return "Pass two numbers: Q of the shallow item, and Q of the deep one."
    mistakes = {
        "Right numbers, wrong order: the shallow item first.": TWO_STEPS[::-1],
        "Whoever leaves gives nothing more: what follows counts with the chance to stay.": LIKES + GAMMA * NEXT,
        "The second like comes a step later: it counts 0.9.": LIKES + STAYS * NEXT,
        "That is the first like alone. A second item is shown to those who stay.": LIKES,
        "You left out the like of the first step.": GAMMA * STAYS * NEXT,
    }
    if np.allclose(found, TWO_STEPS, atol=5e-3):
        return None
    near = (hint for hint, wrong in mistakes.items() if np.allclose(found, wrong, atol=5e-3))
    return next(near, "Q = P(like) + 0.9 * P(stay) * 0.71. P(stay) is 0.99 after a like and 0.90 after a dislike.")


def check_first_gamma(answer: Any) -> str | None:
    """7.2: the smallest gamma of two decimals with which the first item is deep."""
    mistakes = {
        0.80: "Close. At 0.80 the shallow item is still ahead, by less than 0.01.",
        0.804: "There the two cross. Which is the first gamma of two decimals beyond?",
        0.67: "There the policy changes for the first time. But it still begins with the shallow item.",
        0.85: "With 0.85 it is deep already. Try smaller ones.",
        0.9: "With 0.9 it is deep already. Try smaller ones.",
        81: "That is its place in `gammas`. Pass the gamma that stands there.",
    }
    return answers.number(answer, FIRST_GAMMA, mistakes, "Ask solve(gamma).policy[0] for 0.00, 0.01, 0.02, ...", 1e-3)


def check_broken(answer: Any) -> str | None:
    """7.3: the value of the start state when the target forgets that users leave."""
    mistakes = {
        RIGHT: "That is the right value. With which leave chances would nobody ever leave?",
        30.68: "These are likes of the policy. Asked for is the value of the start state.",
        10.0: "10 is 1 / (1 - 0.9): a like at every step. Not everything is liked.",
        88.79: "That is with gamma 0.99. Take 0.9.",
        math.inf: "These are `likes`, and where nobody leaves they have no end. Asked for is `values[0]`.",
    }
    return answers.number(answer, BROKEN, mistakes, "Set both leave chances of `Rules` to 0.", 6e-3)


def check_nothing_to_plan(answer: Any) -> str | None:
    """7.4: the letters of the worlds in which gamma 0 earns as much as gamma 1."""
    letters = answers.letters(answer, "abcde")
    if letters is None:
        return 'Pass letters from a to e only, as in check("7.4", {"a", "b"}).'
    if letters == NOTHING_TO_PLAN:
        return None
    if "a" in letters:
        return "Without growth there is still boredom: resting a topic pays."
    if "b" in letters:
        return "Without boredom there is still growth: deep items pay."
    if "c" in letters:
        return "With equal leave chances users still get bored and still grow interests."
    if letters == {"d"}:
        return "One is missing. In which world is there hardly a later that could repay anything?"
    if letters == {"e"}:
        return "One is missing. In which world does an item change nothing about the user?"
    return "Compare solve_with(rules, 0).likes and solve_with(rules, 1).likes."


def check_table(answer: Any) -> str | None:
    """7.5: states, and entries of the table of Q, with three topics."""
    found = answers.numbers(answer, 2)
    if found is None:
        return "Pass two whole numbers: the states, and the entries of the table."
    if np.array_equal(found, TABLE):
        return None
    if np.array_equal(found, TABLE[::-1]):
        return "Right numbers, wrong order: the states first."
    if found[0] == 600:
        return "Levels of different topics go together in every way: multiply, do not add."
    if found[0] == TABLE[0] and found[1] == 4 * TABLE[0]:
        return "Three topics have six items, a shallow and a deep one each."
    if found[0] == TABLE[0]:
        return "The states are right. The table has a row for each, with an entry for each item."
    return "A topic has 4 levels of boredom and 5 of interest: 20 together. Two topics have 20 * 20 = 400."


CHECKS: dict[str, Check] = {
    "7.1": check_two_steps,
    "7.2": check_first_gamma,
    "7.3": check_broken,
    "7.4": check_nothing_to_plan,
    "7.5": check_table,
}
