"""Checks of chapter 15: tempering, dislikes last, joint scores, and what an ablation says."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers

TEMPERED = tuple(float(np.tanh(np.arctanh(0.5) * (1 + share * 0.4))) for share in (0.0, 0.5, 1.0))
ORDER = (2, 1, 0, 3)
JOINT = 2.25
SAYS = {"A": "helps", "B": "cannot tell", "C": "harms"}


def check_tempered(answer: Any) -> str | None:
    """15.1: an entry of the action when 0, half and all of the correction are kept."""
    numbers = answers.numbers(answer, 3)
    if numbers is None:
        return "Pass a list of three numbers: the entry for the shares 0, 0.5 and 1."
    if np.allclose(numbers, TEMPERED, atol=2e-3):
        return None
    if np.allclose(numbers, TEMPERED[::-1], atol=2e-3):
        return "Right numbers, wrong order: the share 0 first."
    if np.allclose(numbers, [0.5 * (1 + share * 0.4) for share in (0, 0.5, 1)], atol=2e-3):
        return "The gate acts before the tanh: turn the prior back with arctanh, scale it, and apply tanh at the end."
    if np.allclose(numbers, [TEMPERED[0], (TEMPERED[0] + TEMPERED[2]) / 2, TEMPERED[2]], atol=2e-3):
        return "Half of the correction is not half of the way: the share multiplies the output, before the tanh."
    if not np.isclose(numbers[0], 0.5, atol=2e-3):
        return "With the share 0 nothing that was learned is kept. What does an untrained actor return?"
    return "The share multiplies the actor's output, 0.4; the entry is tanh(arctanh(0.5) * (1 + share * 0.4))."


def check_order(answer: Any) -> str | None:
    """15.2: the films' numbers, best first, with dislikes last."""
    numbers = answers.numbers(answer, 4)
    if numbers is None or sorted(numbers) != [0, 1, 2, 3]:
        return "Pass the numbers 0 to 3 in the order of the list, the best first."
    if tuple(numbers) == ORDER:
        return None
    if tuple(numbers) == (0, 2, 1, 3):
        return "That is the order of the scores alone. What is known about film 0?"
    if tuple(numbers) == ORDER[::-1]:
        return "That is the list from its end. The best film comes first."
    if set(numbers[2:]) == {0.0, 3.0}:
        return "The right two are last. Each group keeps the order of its scores."
    return "First the films that are not known to be disliked, by score; then the others, by score."


def check_joint(answer: Any) -> str | None:
    """15.3: the score of a joint vector."""
    mistakes = {
        2 + 10: "That adds the raw scores: the part with the larger numbers decides alone. Divide each by its spread.",
        2 + 0.5 * 10: "The weight is there, but not the spread: divide the second part by its standard deviation, too.",
        2.5: "Both parts are divided by their spread. What is the weight of the second?",
        JOINT / 2: "Do not divide by the number of parts: they are added.",
        JOINT / 1.5: "Do not divide by the sum of the weights: the parts are added.",
    }
    otherwise = "Divide each part's score by its own standard deviation, multiply by its weight; then add them."
    return answers.number(answer, JOINT, mistakes, otherwise, tolerance=1e-3)


def check_says(answer: Any) -> str | None:
    """15.4: what the recipe without an ingredient says about the ingredient."""
    found = answers.words(answer, SAYS, SAYS.values())
    if found is None:
        return f"Pass a dictionary with the keys A, B and C, and words out of {sorted(SAYS.values())}."
    if found == SAYS:
        return None
    if found["A"] == "harms" and found["C"] == "helps":
        return "The rows are of the agent *without* the ingredient. If it is worse without, the ingredient helps."
    if found["B"] != SAYS["B"]:
        return "B: the interval holds 0, so the ingredient may help or harm."
    return "Look at which side of 0 the whole interval lies, and remember that the row is without the ingredient."


CHECKS: dict[str, Check] = {
    "15.1": check_tempered,
    "15.2": check_order,
    "15.3": check_joint,
    "15.4": check_says,
}
