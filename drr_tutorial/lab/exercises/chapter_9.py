"""Checks of chapter 9: clicks of greed, topics in turn, targets at a session's end, and a taste after one click."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers
from drr_tutorial.lab.small_sardine import drift

CLICKS = np.array([50, 45])  # boredom after five clicks, and after four
WINDOW, N_SHOWN = 5, 20
MOST_OF_A = N_SHOWN - N_SHOWN // WINDOW  # one of any five in a row is a B
GAMMA, VALUE = 0.9, 10.0  # the value of a click in every step for ever
TARGETS = np.array([1 + GAMMA * VALUE, 1, 1 + GAMMA + GAMMA**2 + GAMMA**3 * VALUE, 1 + GAMMA + GAMMA**2])
OMEGA, TASTE, ITEM = 0.95, np.array([0.8, 0.6, 0, 0]), np.array([0.6, 0, 0.8, 0])
BY_NUMBER, BY_VECTOR = (drift(TASTE, to, 1, OMEGA)[1] for to in (np.full(4, ITEM.mean()), ITEM))


def check_greed(answer: Any) -> str | None:
    """9.1: clicks in 100 steps of who shows one topic only, where five clicks bore and where four do."""
    clicks = answers.numbers(answer, 2)
    if clicks is None:
        return "Pass two whole numbers: the clicks where five clicks bore, and where four do."
    if np.array_equal(clicks, CLICKS):
        return None
    if np.array_equal(clicks, CLICKS[::-1]):
        return "Right numbers, wrong order: five clicks first."
    if clicks.max() >= 100:
        return "Nothing is clicked while the user is bored, and one topic alone does bore."
    if clicks[0] == 84:
        return "Boredom lasts five steps, not one."
    if clicks[0] != CLICKS[0]:
        return "A round is five clicks and five steps without any. How many rounds fit into 100 steps?"
    if clicks[1] in (40, 50):
        return "With four clicks a round is shorter than ten steps: boredom still lasts five."
    if 44 <= clicks[1] < CLICKS[1]:  # 400 / 9 is 44.4
        return "Eleven rounds of nine steps make 99. What happens in step 100?"
    return "The first is right. Where four clicks bore, a round is four clicks and five steps without any."


def check_turns(answer: Any) -> str | None:
    """9.2: twenty topics, A or B, that never bore, with as many A as can be."""
    try:
        topics = "".join(str(topic) for topic in answer).upper().replace(" ", "").replace(",", "")
    except TypeError:
        topics = ""
    if len(topics) != N_SHOWN or set(topics) - {"A", "B"}:
        return f'Pass {N_SHOWN} letters, each A or B, as in check("9.2", "AB" * 10).'
    for last in range(WINDOW, N_SHOWN + 1):
        if len(set(topics[last - WINDOW : last])) == 1:
            return f"Five clicks on {topics[last - 1]} end with step {last}: then the user is bored."
    if topics.count("A") < MOST_OF_A:
        return f"Nobody gets bored, but with {topics.count('A')} times A you leave some of the favourite out."
    return None


def check_targets(answer: Any) -> str | None:
    """9.3: targets of one step and of three rewards at the end, each truncated and terminated."""
    targets = answers.numbers(answer, 4)
    if targets is None:
        return "Pass four numbers: one step truncated, terminated; the longer return truncated, terminated."
    if np.allclose(targets, TARGETS, atol=6e-3):
        return None
    if np.allclose(targets, TARGETS[[1, 0, 3, 2]], atol=6e-3):
        return "Right numbers, wrong order: truncated first. Only there the target networks are asked."
    if np.isclose(targets[1], TARGETS[0]):
        return "Terminated means that nothing follows, so the value of the next state does not count."
    if np.isclose(targets[0], 11):
        return "What comes a step later is discounted: 0.9 times 10."
    if not np.allclose(targets[:2], TARGETS[:2], atol=6e-3):
        return "One step: the reward, plus 0.9 times 10 where the session was only cut off."
    if np.isclose(targets[3], 3):
        return "The three rewards are discounted, too: 1 + 0.9 + 0.81."
    if np.isclose(targets[2], TARGETS[3] + GAMMA * VALUE, atol=6e-3):
        return "The value comes after three steps, so it counts gamma to the third."
    return "The first two are right. Three rewards are left: 1 + 0.9 + 0.81, and the value after them counts 0.9^3."


def check_drift(answer: Any) -> str | None:
    """9.4: a taste after one click, moved by the mean of the item's entries, and by the item's vector."""
    tastes = answers.numbers(answer, 2, 4)
    right = np.array([BY_NUMBER, BY_VECTOR])
    if tastes is None:
        return "Pass two lists of four numbers: the taste moved by the number, and moved by the vector."
    if np.allclose(tastes, right, atol=6e-3):
        return None
    if np.allclose(tastes, right[::-1], atol=6e-3):
        return "Right numbers, wrong order: the number first."
    joined = np.array([np.full(4, ITEM.mean()), ITEM])
    if np.allclose(tastes, OMEGA * TASTE + (1 - OMEGA) * joined, atol=1e-3):
        return "Divide by the length, so that the taste has length 1 again."
    turned = (1 - OMEGA) * TASTE + OMEGA * joined
    if np.allclose(tastes, turned / np.linalg.norm(turned, axis=1, keepdims=True), atol=6e-3):
        return "Omega is what is left of the old taste: 0.95 of it, and 0.05 of what joins."
    if np.allclose(tastes[1], BY_VECTOR, atol=6e-3):
        return "The vector is right. The number is the mean of the item's four entries, and joins each topic alike."
    return "0.95 times the taste, plus 0.05 times what joins, divided by the length of that."


CHECKS: dict[str, Check] = {
    "9.1": check_greed,
    "9.2": check_turns,
    "9.3": check_targets,
    "9.4": check_drift,
}
