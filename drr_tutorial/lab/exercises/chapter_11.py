"""Checks of chapter 11: weights by hand, effective sizes, missing support, a correction, and after the end."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers

WEIGHT = 0.9 / 0.5 * 0.2 / 0.8
TWO_STEPS = np.array([WEIGHT, 2 * WEIGHT, 0.9 / 0.5 + WEIGHT])  # weight, whole sessions, per decision
EFFECTIVE = (6 + 2 + 1 + 1) ** 2 / (6**2 + 2**2 + 1 + 1)
SAID_BY_MODEL, ITEM_WEIGHT = 0.25 * 0.5 + 0.75 * 0.6, 0.75 / 0.2
CORRECTED = SAID_BY_MODEL + ITEM_WEIGHT * (1 - 0.6)
ENDS, GOES_ON = 1 + 0.5 + 0.25, 3.0


def check_two_steps(answer: Any) -> str | None:
    """11.1: the weight of a session of two steps, and what two estimators make of it."""
    found = answers.numbers(answer, 3)
    if found is None:
        return "Pass three numbers: the weight of the session, whole sessions, per decision."
    if np.allclose(found, TWO_STEPS, atol=6e-3):
        return None
    if np.isclose(found[0], 1 / WEIGHT, atol=6e-3):
        return "That is upside down: the target policy's probability stands on top."
    if np.isclose(found[0], 0.9 / 0.5 + 0.2 / 0.8, atol=6e-3):
        return "You added the two ratios. Both choices have to happen, so multiply them."
    if not np.isclose(found[0], WEIGHT, atol=6e-3):
        return "The weight is a product of two ratios, one for each step: target divided by logging."
    if not np.isclose(found[1], 2 * WEIGHT, atol=6e-3):
        return "The weight is right. Whole sessions multiply it with the return, and two likes make 2."
    return "The first two are right. Per decision weighs the first like by the first ratio alone."


def check_effective(answer: Any) -> str | None:
    """11.2: the effective size of the weights 6, 2, 1, 1 and six zeros."""
    mistakes = {
        10.0: "Ten sessions were logged, but six of them have no weight at all.",
        4.0: "Four sessions have a weight, but not the same. Square the sum, and divide by the sum of squares.",
        1 / EFFECTIVE: "That is upside down: the squared sum stands on top.",
        10 / 42: "Square the sum on top too.",
        10 / 6: "That is the sum by the largest. Squares come into it: square the sum, divide by the sum of squares.",
    }
    return answers.number(answer, EFFECTIVE, mistakes, "Square the sum of the weights; divide by the sum of squares.")


def check_support(answer: Any) -> str | None:
    """11.3: per decision, weighted and model, where the target's item was never shown; None for a refusal."""
    try:
        said = [None if one is None or one != one else float(one) for one in answers.plain(answer)]
    except (TypeError, ValueError, OverflowError, RuntimeError):
        said = []
    if len(said) != 3:
        return "Pass three: per decision, weighted, model; a number each, or None where the estimator refuses."
    per_decision, weighted, model = said
    if said == [0.0, None, 0.0]:
        return None
    if per_decision != 0:
        return "Per decision: every logged item has probability 0 under the target, so what is every weight?"
    if weighted is not None:
        return "Weighted: the weights are divided by their sum, and here that is 0. The package refuses with an error."
    return f"Model: the table has no entry for item 4, and fitted_q puts 0 there, not {model}."


def check_one_step(answer: Any) -> str | None:
    """11.4: doubly robust for one session of one step."""
    mistakes = {
        SAID_BY_MODEL: "That is the model alone. Add the weight times what the model got wrong.",
        ITEM_WEIGHT: "That is importance sampling alone, without the model.",
        SAID_BY_MODEL + ITEM_WEIGHT: "Take the model's q of the shown item off the reward before you weigh it.",
        SAID_BY_MODEL + 0.4: "The model's error has to be weighed: 0.75 divided by 0.2.",
        0.8 * 0.5 + 0.2 * 0.6 + ITEM_WEIGHT * 0.4: "v is the mean of q under the target policy, not the logging one.",
        SAID_BY_MODEL + ITEM_WEIGHT * (1 - SAID_BY_MODEL): "Take q of the shown item off the reward, not v.",
    }
    return answers.number(answer, CORRECTED, mistakes, "v, then plus weight times (reward minus q of the shown item).")


def check_after_the_end(answer: Any) -> str | None:
    """11.5: the value of three steps where half of the users leave at each, and the value that forgets it."""
    found = answers.numbers(answer, 2)
    if found is None:
        return "Pass two numbers: the right value, and that of the model that goes on after the end."
    if np.allclose(found, [ENDS, GOES_ON], atol=6e-3):
        return None
    if np.allclose(found, [GOES_ON, ENDS], atol=6e-3):
        return "Right numbers, wrong order: the right value first."
    if np.isclose(found[0], 2, atol=6e-3):
        return "That is what sessions without a last step earn. Here nothing comes after three steps."
    if np.isclose(found[0], 1.5, atol=6e-3):
        return "That is the value with two steps to go. Once more: the reward, plus half of it."
    if not np.isclose(found[0], ENDS, atol=6e-3):
        return "With one step to go it is 1; with two 1 plus half of that; and so on."
    return "The first is right. Without an end every user gets all three steps."


CHECKS: dict[str, Check] = {
    "11.1": check_two_steps,
    "11.2": check_effective,
    "11.3": check_support,
    "11.4": check_one_step,
    "11.5": check_after_the_end,
}
