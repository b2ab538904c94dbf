"""Checks of chapter 5: targets, importance weights, target networks, losses, Lookahead, and the reading of curves."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers

REWARD, NEXT_VALUE = np.array([1.0, 1.0, 0.0, 1.0]), np.array([2.0, 2.0, 5.0, 20.0])
TERMINATED, TRUNCATED = np.array([False, True, False, False]), np.array([False, False, True, False])
GAMMA, LIMIT = 0.8, 10.0
TARGETS = (2.6, 1.0, 4.0, 10.0)

PRIORITY, BETA = np.array([4.0, 2.0, 1.0, 1.0]), 0.5
WEIGHTS = (PRIORITY / PRIORITY.min()) ** -BETA

FOLLOWED = (1.0, 0.1, 0.19)  # theta' after one update at tau 1, one at 0.1, two at 0.1; theta = 1, theta' = 0 at first
DIAGNOSES = {"A": "growing action", "B": "untrained critic", "C": "known rewards"}

EXPECTED, VALUES, OF_POLICY = (2.6, 1.0, 4.0), (2.1, 1.5, 3.0), (3.0, 2.0, 4.0)  # y, Q(s, a), Q(s, pi(s))
LOSSES = (0.5, -3.0)
LOOKED_AHEAD = (1.5, 2.5, 3.0)


def check_targets(answer: Any) -> str | None:
    """5.1: the expected values y of four transitions."""
    targets = answers.numbers(answer, 4)
    if targets is None:
        return "Pass a list of four numbers, one y for each transition."
    if np.allclose(targets, TARGETS, atol=5e-3):
        return None
    mistakes = (
        ((True, False, False), "Transition 2 terminated: no state follows, so y is the reward alone."),
        ((False, True, False), "Transition 3 was only truncated: its value goes on, so gamma Q' counts."),
        ((True, True, True), "You mixed up the two ends: gamma Q' counts after truncated, not after terminated."),
        ((False, False, False), "Do not forget the clip: no target leaves -10 .. 10."),
    )
    for (ignores_terminated, cuts_truncated, swapped), hint in mistakes:
        ends = np.zeros(4, dtype=np.bool_) if ignores_terminated else TERMINATED
        ends = TRUNCATED if swapped else ends | TRUNCATED if cuts_truncated else ends
        raw = REWARD + GAMMA * ~ends * NEXT_VALUE
        clipped = np.clip(raw, -LIMIT, LIMIT)
        if np.allclose(targets, clipped, atol=5e-3) or np.allclose(targets, raw, atol=5e-3):
            return hint
    if np.isclose(targets[3], REWARD[3] + GAMMA * LIMIT, atol=5e-3):
        return "Transition 4: the clip comes last. It holds the whole of r + gamma Q', not Q' alone."
    if np.allclose(
        np.minimum(targets, LIMIT), np.where(TERMINATED, REWARD, np.minimum(REWARD + NEXT_VALUE, LIMIT)), atol=5e-3
    ):
        return "You left gamma out: what comes later counts 0.8 times."
    wrong = np.flatnonzero(~np.isclose(targets, TARGETS, atol=5e-3)) + 1
    return f"Look again at transition {wrong[0]}: y = clip(r + gamma (1 - terminated) Q')."


def check_weights(answer: Any) -> str | None:
    """5.2: importance weights of four transitions."""
    weights = answers.numbers(answer, 4)
    if weights is None:
        return "Pass a list of four numbers, one weight for each transition."
    if np.allclose(weights, WEIGHTS, atol=5e-3):
        return None
    probability = PRIORITY / PRIORITY.sum()
    mistakes = (
        (probability, "These are the probabilities P(i). The weights come from them: (N P(i)) to the power of -beta."),
        ((4 * probability) ** -BETA, "Divide by the largest weight, so that the largest becomes 1."),
        (probability**-BETA, "Divide by the largest weight, so that the largest becomes 1."),
        (PRIORITY.min() / PRIORITY, "That is beta = 1. Here beta is 0.5: take the square root."),
        ((PRIORITY / PRIORITY.max()) ** BETA, "Upside down: what is drawn often must count less. The power is -beta."),
        (np.ones(4), "All weights 1 would be uniform replay, or beta = 0."),
    )
    for wrong, hint in mistakes:
        if np.allclose(weights, wrong, atol=5e-3):
            return hint
    return "First P(i) = p_i / sum p, then (4 P(i)) to the power of -0.5, then divide by the largest."


def check_tau(answer: Any) -> str | None:
    """5.3: where a target parameter is after updates with tau 1 and 0.1."""
    values = answers.numbers(answer, 3)
    if values is None:
        return "Pass three numbers: after one update at tau 1, after one at tau 0.1, after two at tau 0.1."
    if np.allclose(values, FOLLOWED, atol=1e-3):
        return None
    if np.isclose(values[0], 0):
        return "tau is the share of the online network. At tau = 1 nothing of the old target is left."
    if np.allclose(values[1:], (0.9, 0.81), atol=1e-3):
        return "You kept tau of the old target. It keeps 1 - tau of itself and takes tau of the online network."
    if np.isclose(values[2], 0.2):
        return "The second update starts from where the first one ended: 0.9 times 0.1, plus 0.1 times 1."
    return "Each update: theta' becomes (1 - tau) theta' + tau theta, with theta = 1 throughout."


def check_diagnoses(answer: Any) -> str | None:
    """5.4: a mapping from run to cause."""
    found = answers.words(answer, DIAGNOSES, DIAGNOSES.values())
    if found is None:
        return f"Pass a dictionary with the keys A, B and C, and causes out of {sorted(DIAGNOSES.values())}."
    hints = {
        "A": "Run A: rewards are at most 1, so no honest Q can be in the hundreds. What can grow without end?",
        "B": "Run B: the fall comes at once and mends itself. What gets better with time?",
        "C": "Run C: the agent does well in training and gains nothing outside it. What did it see before?",
    }
    return next((hint for run, hint in hints.items() if found[run] != DIAGNOSES[run]), None)


def check_losses(answer: Any) -> str | None:
    """5.5: the critic's and the actor's loss of three transitions."""
    losses = answers.numbers(answer, 2)
    if losses is None:
        return "Pass two numbers: the critic's loss and the actor's."
    if np.allclose(losses, LOSSES, atol=5e-3):
        return None
    if np.allclose(losses, LOSSES[::-1], atol=5e-3):
        return "Right numbers, wrong order: the critic's loss first."
    errors = np.array(EXPECTED) - np.array(VALUES)
    critic = {
        float((errors**2).sum()): "The critic's loss is a mean: divide by the number of transitions.",
        float(errors.mean()): "Square each error before the mean, so that errors of both signs count.",
        float(np.abs(errors).mean()): "Square each error; these are their sizes.",
    }
    actor = {
        -LOSSES[1]: "The actor's loss is minus the mean of Q: it falls as the critic likes the actions better.",
        -float(np.mean(VALUES)): "The actor is judged by what it would do now, pi(s), not by the stored action.",
        -float(np.sum(OF_POLICY)): "The actor's loss is a mean: divide by the number of transitions.",
    }
    for value, right, hints in ((losses[0], LOSSES[0], critic), (losses[1], LOSSES[1], actor)):
        said = next((hint for wrong, hint in hints.items() if np.isclose(value, wrong, atol=5e-3)), None)
        if said is not None and not np.isclose(value, right, atol=5e-3):
            return said
    return "The critic: the mean of (y - Q)^2. The actor: minus the mean of Q(s, pi(s))."


def check_lookahead(answer: Any) -> str | None:
    """5.6: where Lookahead has a parameter after 3, 4 and 6 steps of 1 each, with k = 3 and alpha = 0.5."""
    places = answers.numbers(answer, 3)
    if places is None:
        return "Pass three numbers: where the parameter is after 3, 4 and 6 steps."
    if np.allclose(places, LOOKED_AHEAD, atol=1e-3):
        return None
    if np.allclose(places, (3, 4, 6), atol=1e-3):
        return "These are the fast weights without Lookahead. After every third step half of the way is taken back."
    if np.isclose(places[0], 3):
        return "The third step is followed at once by the slow weights: from 0, half of the way to 3."
    if np.isclose(places[1], 4):
        return "The fast weights start again from the slow ones: step 4 starts from 1.5."
    if np.isclose(places[2], 2.25):
        return "Half of the way to 4.5, from where the slow weights are: 1.5, not 0."
    return "After three steps: slow = 0 + 0.5 (3 - 0), and fast = slow. Then go on from there."


CHECKS: dict[str, Check] = {
    "5.1": check_targets,
    "5.2": check_weights,
    "5.3": check_tau,
    "5.4": check_diagnoses,
    "5.5": check_losses,
    "5.6": check_lookahead,
}
