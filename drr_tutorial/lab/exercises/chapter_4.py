"""Checks of chapter 4: what keeps a ranking, parameters, gates and sums, the values of an episode and of a slate."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers

KEEPS_RANKING = frozenset("ae")  # double, unit length
PARAMETERS = np.array([24 * 16 + 16 + 16 * 8 + 8, 32 * 16 + 16 + 16 * 1 + 1])  # actor, critic
PRIOR, OUTPUT = np.array([0, 0.5, -0.5]), np.array([3, -1, 1])
GATES, SUM = np.tanh(np.arctanh(PRIOR) * (1 + OUTPUT)), np.tanh(np.arctanh(PRIOR) + OUTPUT)
WEIGHTS, VALUES_OF_ITEMS = np.array([0.9, 0.1, 0.5]), np.array([0.8, 0.2, 0.4])  # of a slate
SOFT, SHARP = float((WEIGHTS * VALUES_OF_ITEMS).sum() / WEIGHTS.sum()), 0.8
VALUES, GREEDY_VALUES = np.array([1.25, 0.5, 1]), np.array([1, 0, 1])  # gamma 0.5 and 0


def check_ranking(answer: Any) -> str | None:
    """4.1: the letters of the changes that leave everybody's ranking as it is."""
    letters = answers.letters(answer, "abcde")
    if letters is None:
        return 'Pass letters from a to e only, as in check("4.1", {"b", "c"}).'
    if letters == KEEPS_RANKING:
        return None
    if "c" in letters:
        return "Minus one turns every score's sign, and so the ranking upside down."
    if "b" in letters:
        return "Adding 1 to each entry adds the sum of an item's entries to its score: another number for each item."
    if "d" in letters:
        return "tanh squeezes large entries more than small ones, so the vector's direction changes."
    return "One is missing. Which changes multiply the whole vector by one positive number?"


def check_parameters(answer: Any) -> str | None:
    """4.2: the parameters of the original's actor and of its critic."""
    counts = answers.numbers(answer, 2)
    if counts is None:
        return "Pass two whole numbers: those of the actor, and those of the critic."
    if np.array_equal(counts, PARAMETERS):
        return None
    if np.array_equal(counts, PARAMETERS[::-1]):
        return "Right numbers, wrong order: the actor first."
    if np.array_equal(counts, PARAMETERS - [24, 17]):
        return "These are the weights. Each layer has biases too: one for each of its outputs."
    if counts[0] != PARAMETERS[0]:
        return "The actor has two layers: 24 to 16 and 16 to 8. Each has inputs * outputs weights, and outputs biases."
    if counts[1] == 24 * 16 + 16 + 16 + 1:
        return "The critic sees more than the state: the action's 8 entries join the state's 24."
    return "The actor is right. The critic has layers of 32 to 16 and of 16 to 1."


def check_gates(answer: Any) -> str | None:
    """4.3: the actions of a warm start that is corrected by gates, and by a sum, of three entries each."""
    actions = answers.numbers(answer, 2, 3)
    if actions is None:
        return "Pass two lists of three numbers: the action with gates, and the action with a sum."
    if np.allclose(actions, [GATES, SUM], atol=6e-3):  # two decimals will do
        return None
    if np.allclose(actions, [SUM, GATES], atol=6e-3):
        return "Right numbers, wrong order: gates first."
    if np.abs(actions).max() > 1:
        return "An entry is outside of -1 to 1: the tanh comes last."
    if np.allclose(actions, [np.tanh(PRIOR * (1 + OUTPUT)), np.tanh(PRIOR + OUTPUT)], atol=6e-3):
        return "Undo the tanh first: the start is atanh(prior), not the prior."
    if np.allclose(actions[0], np.tanh(np.arctanh(PRIOR) * OUTPUT), atol=6e-3):
        return "The gate is 1 + output, so that an output of 0 leaves the entry as it is."
    if actions[0, 0] != 0:
        return "The first entry of the warm start is 0. What is 0 times a gate?"
    if np.allclose(actions[0], GATES, atol=6e-3):
        return "The gates are right. The sum is tanh(atanh(prior) + output)."
    return "Gates: tanh(atanh(prior) * (1 + output)). Sum: tanh(atanh(prior) + output)."


def check_values(answer: Any) -> str | None:
    """4.4: Q at each of three steps that pay 1, 0, 1, with gamma 0.5 and with gamma 0."""
    values = answers.numbers(answer, 2, 3)
    if values is None:
        return "Pass two lists of three numbers: Q at the three steps with gamma 0.5, and with gamma 0."
    if np.allclose(values, [VALUES, GREEDY_VALUES]):
        return None
    if np.allclose(values, [GREEDY_VALUES, VALUES]):
        return "Right numbers, wrong order: gamma 0.5 first."
    if np.allclose(values[0], [2, 1, 1]):
        return "That is the plain sum of what is to come. A reward one step later counts half, two later a quarter."
    if np.allclose(values[0], [1, 0.5, 1.25]):
        return "You looked back. Q is about this reward and those to come: start at the last step and go backwards."
    if not np.allclose(values[0, 2], 1):
        return "The episode ends after the third step: nothing follows, so Q there is the reward alone."
    if np.allclose(values[0], VALUES):
        return "Gamma 0.5 is right. With gamma 0 nothing that comes later counts."
    return "Go backwards: Q of a step is its reward plus gamma times Q of the next step."


def check_slate(answer: Any) -> str | None:
    """4.5: what a soft and a sharp selection are worth."""
    values = answers.numbers(answer, 2)
    if values is None:
        return "Pass two numbers: the value of the soft selection, and that of the sharp one."
    if np.allclose(values, (SOFT, SHARP), atol=5e-3):
        return None
    hints = {
        float((WEIGHTS * VALUES_OF_ITEMS).sum()): "Divide by the sum of the weights, 1.5.",
        float((WEIGHTS * VALUES_OF_ITEMS).mean()): "Divide by the sum of the weights, 1.5, not by the number of items.",
        float(VALUES_OF_ITEMS.mean()): "That is the plain mean. Each value counts as much as its weight.",
        SHARP: "That is the best item alone: the soft selection lets the others count, too.",
    }
    if np.isclose(values[0], SOFT, atol=5e-3):
        return "The first is right. With all weight on the first item, its value is all that counts."
    otherwise = "Multiply each value by its weight, add, and divide by the sum of the weights."
    return answers.number(values[0], SOFT, hints, otherwise)


CHECKS: dict[str, Check] = {
    "4.1": check_ranking,
    "4.2": check_parameters,
    "4.3": check_gates,
    "4.4": check_values,
    "4.5": check_slate,
}
