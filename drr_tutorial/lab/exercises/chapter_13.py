"""Checks of chapter 13, sampled metrics: expected ranks in samples, chances of a hit, what lies in the future."""

from typing import Any

from drr_tutorial.lab.exercises import Check
from drr_tutorial.lab.exercises.answers import number


def items_above_in_a_sample(answer: Any) -> str | None:
    """13.1: 160 of 1,600 items are better; of 99 drawn, 9.9 are."""
    mistakes = {
        160.0: "Those are all items that are better. Only 99 of the 1,600 others are drawn.",
        10.9: "That is the rank. The question is how many items of the sample stand above it.",
        10.0: "Nearly: 99 items are drawn, not 100.",
        0.1: "That is the chance of a single draw. There are 99 draws.",
    }
    return number(answer, 9.9, mistakes, "Pass one number: draws times the share of items that are better.")


def chance_of_the_top(answer: Any) -> str | None:
    """13.2: 3 of 10 others are better, two are drawn: (7 / 10) (6 / 9) = 0.467."""
    mistakes = {
        0.49: "That is drawing with replacement. The second item comes from the nine that are left.",
        0.7: "That is the chance for one draw. Two are drawn.",
        1 - 42 / 90: "That is the chance that at least one better item is drawn.",
        0.09: "That is the chance of two better items, with replacement. You want none.",
    }
    return number(answer, 42 / 90, mistakes, "Pass one number: the chance that none of the two drawn items is better.")


def share_of_the_future(answer: Any) -> str | None:
    """13.3: of the training rows at times 1, 3, 5, 7 and 9, three are later than 4: 0.6."""
    mistakes = {
        0.4: "That is the share that is earlier.",
        3.0: "Those are the rows. Divide by all training rows.",
        60.0: "Pass a share from 0 to 1, not a percentage.",
    }
    return number(answer, 0.6, mistakes, "Pass one number from 0 to 1: training rows later than the test row, of all.")


CHECKS: dict[str, Check] = {
    "13.1": items_above_in_a_sample,
    "13.2": chance_of_the_top,
    "13.3": share_of_the_future,
}
