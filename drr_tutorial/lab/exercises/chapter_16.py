"""Checks of chapter 16, past one table: how unequal recommendations are, how surprising, and who is a stranger."""

from typing import Any

from drr_tutorial.lab.exercises import Check
from drr_tutorial.lab.exercises.answers import number


def inequality(answer: Any) -> str | None:
    """16.1: four films, recommended 0, 0, 2 and 6 times: (1 * 2 + 3 * 6) / (4 * 8) = 0.625."""
    mistakes = {
        0.375: "That is 1 minus it. 0 stands for equal, not for unequal.",
        0.75: "That is the highest that four films can have, when one of them is all that is shown. Here are two.",
        0.5: "That is the coverage, the share of films that are shown at all.",
        20.0: "That is the sum above the line. Divide by the number of films times that of recommendations.",
    }
    return number(answer, 0.625, mistakes, "Pass one number: sum (2 i - n - 1) c_i over n sum c_i, c ascending.")


def surprise(answer: Any) -> str | None:
    """16.2: 50 of 800 people like a film: -log2(1 / 16) = 4 bits."""
    mistakes = {
        0.0625: "That is the share of people who like it. How many times does it halve 1?",
        16.0: "That is one over the share. Take the logarithm to base 2.",
        2.7726: "That is the natural logarithm. Bits are to base 2.",
        1.2041: "That is the logarithm to base 10. Bits are to base 2.",
        -4.0: "Mind the sign: the rarer, the more surprising.",
    }
    return number(answer, 4.0, mistakes, "Pass one number: minus the logarithm to base 2 of the share.")


def strangers(answer: Any) -> str | None:
    """16.3: the training part ends at 10; first ratings at 2, 8, 11 and 15: two of four test users are new."""
    mistakes = {
        2.0: "That is how many. Divide by the number of users of the test part.",
        50.0: "Pass a share from 0 to 1, not a percentage.",
        0.25: "Two of them first rated after 10, not one.",
        0.75: "Whoever rated before 10 is known, however little.",
    }
    return number(answer, 0.5, mistakes, "Pass one number from 0 to 1: users without a training rating, of all four.")


CHECKS: dict[str, Check] = {"16.1": inequality, "16.2": surprise, "16.3": strangers}
