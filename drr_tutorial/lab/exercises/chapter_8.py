"""Checks of chapter 8: a target over three steps, what a vector selects, what target networks remember, a switch."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers

STAYS, LEFT = 1 + 0.9**2 + 0.9**3 * 5, 1.0
CHOSEN = np.exp(np.array([4.0, 2.0])) / np.exp(np.array([4.0, 2.0])).sum()  # scores 0.2 and 0.1 by kappa = 0.05
SELECTED = float(CHOSEN @ [1, 4])
LEFT_OVER = np.array([(1 - tau) ** 3125 for tau in (0.001, 0.01)])
SWITCHES = frozenset({"boredom", "growth"})


def check_target(answer: Any) -> str | None:
    """8.1: targets over three steps: as it stands, of who left after two, of whose time was up after three."""
    targets = answers.numbers(answer, 3)
    if targets is None:
        return "Pass three numbers: as it stands, who left after two answers, whose time was up."
    if np.allclose(targets, [STAYS, LEFT, STAYS], atol=6e-3):
        return None
    if np.isclose(targets[0], 1 + 0.9**2 + 0.9 * 5, atol=6e-3):
        return "V' stands three steps away: it counts gamma to the third power."
    if np.isclose(targets[0], 2 + 0.9**3 * 5, atol=6e-3) or np.isclose(targets[0], 7, atol=6e-3):
        return "Each reward counts a power of gamma: 1, gamma, gamma squared."
    if np.isclose(targets[0], 1 + 0.9**2 + 0.9**4 * 5, atol=6e-3):
        return "a) Three rewards, at the powers 0, 1 and 2. V' comes next: count its power."
    if not np.isclose(targets[0], STAYS, atol=6e-3):
        return "a) 1 + 0.9 * 0 + 0.9^2 * 1 + 0.9^3 * 5."
    if np.isclose(targets[1], 1 + 0.9**2 * 5, atol=6e-3):
        return "b) Who left comes back no more: V' must not be asked. The rest of the sum is 0."
    if np.isclose(targets[1], 1 + 0.9**2, atol=6e-3):
        return "b) Who left after the second answer never gives the third: its reward is not paid."
    if not np.isclose(targets[1], LEFT, atol=6e-3):
        return "b) Two rewards were paid, 1 and 0, and nothing follows."
    return "c) The time was up, but the user would have gone on: the value of what follows still counts."


def check_selected(answer: Any) -> str | None:
    """8.2: the softly selected value, and the item towards which the actor moves."""
    found = answers.numbers(answer, 2)
    if found is None:
        return 'Pass the value and the item, 1 or 2, as in check("8.2", [0.5, 1]).'
    value, item = found
    if np.isclose(value, SELECTED, atol=6e-3) and item == 2:
        return None
    plain = np.exp([0.2, 0.1]) / np.exp([0.2, 0.1]).sum() @ [1, 4]
    if np.isclose(value, plain, atol=6e-3):
        return "Divide the scores by kappa = 0.05 before the softmax."
    if np.isclose(value, CHOSEN[::-1] @ [1, 4], atol=6e-3):
        return "The item with the higher score is selected more often: that is the first one."
    if np.isclose(value, 2.5):
        return "That is the mean of both. Weigh them by the softmax of their scores over kappa."
    if np.isclose(value, SELECTED, atol=6e-3):
        return (
            "The value is right. It rises when more is selected of the item with the larger Q. Count the items from 1."
        )
    return "p = softmax([0.20, 0.10] / 0.05), then p[0] * 1 + p[1] * 4."


def check_remembered(answer: Any) -> str | None:
    """8.3: what 3,125 updates leave of a target network, for tau 0.001 and 0.01."""
    shares = answers.numbers(answer, 2)
    if shares is None:
        return "Pass two numbers from 0 to 1: for tau 0.001, and for tau 0.01."
    if shares.min() >= 0 and np.allclose(shares, LEFT_OVER, atol=6e-4):
        return None
    if shares.min() >= 0 and np.allclose(shares, LEFT_OVER, atol=6e-3):
        return "Right as far as it goes. Give three decimals."
    if np.allclose(shares, LEFT_OVER[::-1], atol=6e-3):
        return "Right numbers, wrong order: tau 0.001 first."
    if np.allclose(shares, 1 - LEFT_OVER, atol=6e-3):
        return "That is the share that is new. What is left of the old one?"
    if np.allclose(shares, 100 * LEFT_OVER, atol=6e-2):
        return "Pass shares from 0 to 1, not percentages."
    if shares[0] <= 0 or shares[0] == shares[1]:
        return "Each update leaves a share of what is still there, so shares multiply, 3,125 of them."
    return "(1 - tau) to the power of 3125, for each tau."


def check_switch(answer: Any) -> str | None:
    """8.4: the smallest set of effects without which looking ahead is worth nothing."""
    names = answers.names(answer, picked=False)  # PlanningWorld(boredom=False) switches it off
    if names is None:
        return 'Pass names, as in check("8.4", {"leaving"}).'
    if names == SWITCHES:
        return None
    if names - {"boredom", "growth", "leaving"}:
        return "The switches are boredom, growth and leaving."
    if names > SWITCHES:
        return "With these it works, but one of them may stay on. Which changes nothing that is liked?"
    if "leaving" in names:
        return (
            "A user who may leave is a reason to be liked now, and greed sees to that. Look at what changes the user."
        )
    if not names:
        return "With all effects on, looking ahead is worth a lot. Which of them change what is liked tomorrow?"
    return "One effect is left by which today's item changes what is liked tomorrow."


CHECKS: dict[str, Check] = {"8.1": check_target, "8.2": check_selected, "8.3": check_remembered, "8.4": check_switch}
