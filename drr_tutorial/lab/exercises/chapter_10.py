"""Checks of chapter 10: what an answer says, a bonus for not knowing, who hears a dislike, the most there is."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check, answers

# One number z says all of a taste; two items with means 0.4 and 0.3, loadings 0.5 and 0.4, noise 0.35 of the first.
GAIN = 0.5 / (0.5**2 + 0.35)
LIKED, DISLIKED = (0.3 + 0.4 * GAIN * (answer - 0.4) for answer in (1, 0))
SCORES, DEVIATIONS = np.array([0.50, 0.45, 0.30]), np.array([0.02, 0.10, 0.22])


def check_answer(answer: Any) -> str | None:
    """10.1: how much the second film is expected to be liked after the first was liked, and after it was not."""
    found = answers.numbers(answer, 2)
    if found is None:
        return "Pass two numbers: after a like, and after a dislike."
    if np.allclose(found, [LIKED, DISLIKED], atol=6e-3):
        return None
    if np.allclose(found, [DISLIKED, LIKED], atol=6e-3):
        return "Right numbers, wrong order: after a like first."
    if np.allclose(found, [0.4 * GAIN * 0.6, -0.4 * GAIN * 0.4], atol=6e-3):
        return "That is what changes. Add the mean of the second film, 0.3."
    if np.isclose(found[0], LIKED, atol=6e-3) and np.isclose(found[1], 0.3, atol=6e-3):
        return "The like is right. A dislike is an answer, too: y = 0, and the surprise is 0 - 0.4."
    if np.isclose(found[0], 0.3 + 0.4 * 0.5 / 0.5**2 * 0.6, atol=6e-3):
        return "The noise belongs into the variance of the answer: 0.5^2 + 0.35."
    if np.isclose(found[0], 0.3 + 0.4 * 0.6, atol=6e-3):
        return "That takes the surprise itself for z. How far an answer moves z is k."
    if np.isclose(found[0], 0.3 + 0.4 * GAIN, atol=6e-3):
        return "The surprise is what was answered minus what was expected: 1 - 0.4."
    return "z = 0.5 / (0.5^2 + 0.35) times the surprise; then 0.3 + 0.4 z."


def check_bonus(answer: Any) -> str | None:
    """10.2: the film that is shown with a bonus of 0, 1 and 2 standard deviations."""
    found = answers.numbers(answer, 3)
    right = [int(np.argmax(SCORES + width * DEVIATIONS)) + 1 for width in (0, 1, 2)]
    if found is None:
        return "Pass three films, 1, 2 or 3: for widths of 0, 1 and 2."
    if found.tolist() == right:
        return None
    if found.tolist() == [item - 1 for item in right]:
        return "Count the films from 1."
    if found[0] != right[0]:
        return "With width 0 there is no bonus: the largest score is shown."
    if found[1] == 1:
        return "With width 1 the second film has 0.45 + 0.10, the first 0.50 + 0.02."
    return "Add width times the standard deviation to each score, and take the largest."


def check_dislikes(answer: Any) -> str | None:
    """10.3: letters of the methods that learn something from a dislike."""
    letters = answers.letters(answer, "abcd")
    if letters is None:
        return 'Pass letters from a to d, as in check("10.3", {"a", "b"}).'
    if letters == {"c", "d"}:
        return None
    if letters & {"a", "b"}:
        return "EASE sums over likes, and the paper's memory keeps likes alone: a dislike leaves both as they were."
    return "One is missing. Which of them is given 0 or -1 for what was not liked?"


def check_most(answer: Any) -> str | None:
    """10.4: likes after 40 films of somebody who knows each user's likes: the mean of min(40, likes), 100K, draw 0."""
    mistakes = {
        MEAN_LIKES: "Nobody can collect more than 40 likes with 40 films: np.minimum.",
        40.0: "Some users like fewer than 40 films.",
        RATED: "Those are ratings, good and bad. Count likes: `split.test.positives()`.",
        OVER_ALL: "That is a mean over all users, and most are not in `split.test`: `np.unique(split.test.users)`.",
    }
    return answers.number(answer, MOST, mistakes, "np.minimum(40, likes of each test user).mean()", tolerance=0.02)


# Of the 94 users of the first draw on MovieLens 100K; the last one is over all 943.
MOST, MEAN_LIKES, RATED, OVER_ALL = 28.1915, 47.2553, 35.5213, 2.8102
CHECKS: dict[str, Check] = {
    "10.1": check_answer,
    "10.2": check_bonus,
    "10.3": check_dislikes,
    "10.4": check_most,
}
