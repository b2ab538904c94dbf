"""Checks of chapter 17, your own data: pairs that stand there twice, counts as likes, what came of a week's lists."""

from typing import Any

import numpy as np

from drr_tutorial.lab.exercises import Check
from drr_tutorial.lab.exercises.answers import number, numbers


def twice(answer: Any) -> str | None:
    """17.1: 2 on Monday, 5 on Wednesday, 4 on Tuesday: the latest is 5, the mean 11 / 3."""
    found = numbers(answer, 2)
    if found is None:
        return "Pass two numbers: the rating that counts by `latest`, and by `mean`."
    latest, mean = found
    if np.isclose(latest, 4):
        return "4 stands last in the file. The latest by its time counts, not by its line."
    if np.isclose(latest, 2):
        return "2 came first. Later ratings take its place."
    if not np.isclose(latest, 5):
        return "The first number is one of the three ratings. Which has the latest time?"
    if np.isclose(mean, 4.5) or np.isclose(mean, 3.5) or np.isclose(mean, 3):
        return "The mean is over all three ratings of the pair."
    return None if np.isclose(mean, 11 / 3, atol=5e-3) else "The second number is the mean of the three ratings."


def plays(answer: Any) -> str | None:
    """17.2: sums 3, 2 and 4, liked above 2: two likes."""
    mistakes = {
        1.0: "A song that stands there twice has its counts summed.",
        3.0: "A sum of 2 is not above 2.",
        4.0: "Those are rows. Of each song there is one pair with this listener.",
        9.0: "Those are the plays. How many songs have been played more than twice?",
    }
    return number(answer, 2, mistakes, "Pass one number: pairs whose counts add up to more than 2.")


def week(answer: Any) -> str | None:
    """17.3: of three users who liked something, two liked something of their list; 4 of 8 items are in a list."""
    found = numbers(answer, 2)
    if found is None:
        return "Pass two numbers: the share of users with a hit, and the share of items in a list."
    hits, reach = found
    if np.isclose(hits, 0.5):
        return "User 4 liked nothing this week. Count only users who liked anything."
    if np.isclose(hits, 1) or np.isclose(hits, 3 / 4):
        return "User 2 liked g, which was in somebody else's list. A hit is in the user's own."
    if not np.isclose(hits, 2 / 3, atol=5e-3):
        return "The first number: users who liked something of their own list, of those who liked anything."
    if np.isclose(reach, 1):
        return "Eight places in the lists are not eight different items."
    return None if np.isclose(reach, 0.5) else "The second number: different items in the lists, of the catalogue's 8."


CHECKS: dict[str, Check] = {"17.1": twice, "17.2": plays, "17.3": week}
