"""Checks of chapter 14: what defects do to targets, values, checkpoints and figures."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers

GAMMA = 0.9
TARGETS = (4.6, 1.0, 1.0, 3.6)  # Q' = 4: no end; limit taken for the end; reward in the done slot after a hit, a miss
KEPT = (200, 400, 600)
VALUES = (10.0, 2.629)  # reward 1 for ever; mean over the five steps of an episode that is thought to end
SYMPTOMS = {
    "A": "raw vectors",
    "B": "target not detached",
    "C": "training positives as negatives",
    "D": "one user's state for everybody",
}


def check_targets(answer: Any) -> str | None:
    """14.1: four targets as defective code makes them."""
    targets = answers.numbers(answer, 4)
    if targets is None:
        return "Pass a list of four numbers, one y for each row."
    if np.allclose(targets, TARGETS, atol=5e-3):
        return None
    hints = (
        "Row 1: without an end of the episode, gamma Q' counts also where the user has nothing left to like.",
        "Row 2: the defect takes the time limit for the end, so that y is the reward alone.",
        "Row 3: the slot for `terminated` holds the reward, 1. What does 1 - terminated leave of gamma Q'?",
        "Row 4: the slot for `terminated` holds the reward, 0. So the target looks ahead.",
    )
    wrong = int(np.flatnonzero(~np.isclose(targets, TARGETS, atol=5e-3))[0])
    return hints[wrong]


def check_kept(answer: Any) -> str | None:
    """14.2: the steps at which the notebook's rule keeps the weights."""
    steps = answers.numbers(answer, None)
    if steps is None or not len(steps):
        return "Pass a list of steps, such as [100, 300]."
    if steps.tolist() == list(KEPT):
        return None
    if steps.tolist() == [200]:
        return "That is the healthy rule: 200 stays the best. What does the notebook compare the next figures with?"
    if 100 in steps:
        return "At step 100 the figure is compared with itself, and is not above it."
    if 300 in steps or 500 in steps:
        return "After a step is kept, the next figure is compared with itself, so that it is never kept."
    return (
        "Go through the figures one by one and write down the bar: after a kept step it is the figure that comes next."
    )


def check_values(answer: Any) -> str | None:
    """14.3: what the critic believes without an end, and with the time limit as the end."""
    values = answers.numbers(answer, 2)
    if values is None:
        return "Pass two numbers: Q without an end, and the mean of Q when the limit of five steps counts as the end."
    if np.allclose(values, VALUES, atol=0.01):
        return None
    if np.isclose(values[0], 1 / GAMMA, atol=0.01):
        return "Sum the series 1 + 0.9 + 0.81 + ...: it is 1 / (1 - gamma), not 1 / gamma."
    if not np.isclose(values[0], VALUES[0], atol=0.01):
        return "First number: Q = 1 + 0.9 Q. Solve for Q."
    if np.isclose(values[1], 4.0951, atol=0.01):
        return "Second number: that is Q at the first step. Later ones have less ahead; take the mean of all five."
    if np.isclose(values[1], 3, atol=0.01):
        return "Second number: each term counts 0.9 times the one before, so two steps left are 1.9 and not 2."
    if np.isclose(values[1], VALUES[0], atol=0.01):
        return "Second number: the limit counts as the end, so after five steps nothing follows."
    return "Second number: with n steps left, Q is 1 + 0.9 + ... (n terms). Take the mean for n = 1 to 5."


def check_symptoms(answer: Any) -> str | None:
    """14.4: a mapping from symptom to defect."""
    found = answers.words(answer, SYMPTOMS, SYMPTOMS.values())
    if found is None:
        return f"Pass a dictionary with the keys A, B, C and D, and defects out of {sorted(SYMPTOMS.values())}."
    hints = {
        "A": "A: what can become longer and longer without another film being shown?",
        "B": "B: a small loss says that Q and y agree, not that they are right. What else can move besides Q?",
        "C": "C: the agent is fine, the figure is not. Who knows the training data best, and what would punish that?",
        "D": "D: what must be the same for all users if all get the same list?",
    }
    return next((hint for key, hint in hints.items() if found[key] != SYMPTOMS[key]), None)


CHECKS: dict[str, Check] = {
    "14.1": check_targets,
    "14.2": check_kept,
    "14.3": check_values,
    "14.4": check_symptoms,
}
