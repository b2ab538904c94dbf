"""Checks of chapter 12, the fair table: ties with oneself, precision of short lists, rewards, who is ahead."""

from typing import Any

from drr_tutorial.lab.exercises import Check
from drr_tutorial.lab.exercises.answers import number


def best_hit_rate_at_one(answer: Any) -> str | None:
    """12.1: 156 of 6,040 positives tie with themselves: there an oracle has half a hit at 1."""
    mistakes = {
        1.0: "In 156 lists the positive stands twice, and only one of the two can be first.",
        156 / 6040: "That is the share of lists with a tie. What can an oracle have in these, and in all others?",
        1 - 156 / 6040: "You gave nothing to a tie. In one of its two orders the positive is first: half a hit.",
        5962: "That is the number of hits. Divide by all lists.",
    }
    return number(
        answer, 1 - 78 / 6040, mistakes, "Pass one number from 0 to 1: the share of lists that an oracle hits."
    )


def best_precision(answer: Any) -> str | None:
    """12.2: three liked items in a list of four: at most 3 / 5."""
    mistakes = {
        0.75: "Precision@5 divides by 5, not by the number of items that are there.",
        1.0: "Only three items are relevant, and precision@5 divides by 5.",
        0.8: "All four items are shown, but one of them is not liked.",
        3.0: "Those are the relevant items. Divide by k.",
    }
    return number(answer, 0.6, mistakes, "Pass one number: relevant items among the first five, divided by five.")


def session_reward(answer: Any) -> str | None:
    """12.3: ratings 5, 4, 2, 3 earn 1 + 0.5 - 0.5 + 0 = 1."""
    mistakes = {
        2.0: "You counted the likes. The paper's reward is (rating - 3) / 2, and a dislike costs something.",
        14.0: "That is the sum of the stars. Take 3 from each, and divide by 2.",
        1.5: "You left the 2 out. A rating below 3 has a negative reward.",
        0.25: "That is the mean. Add the rewards up.",
    }
    return number(answer, 1.0, mistakes, "Pass one number: the sum of (rating - 3) / 2.")


def who_is_ahead(answer: Any) -> str | None:
    """12.4: an interval from -0.002 to +0.010 holds 0: the two cannot be told apart."""
    hints = {
        "ahead": "The mean is above 0, but the interval reaches below 0.",
        "behind": "Nothing here says that it is behind: the mean is above 0.",
        "equal": "Not shown either: the interval allows for a difference of 0.010. What can be said is less than that.",
    }
    name = answer.strip().lower() if isinstance(answer, str) else ""
    return None if name == "level" else hints.get(name, 'Pass "ahead", "behind", or "level" (cannot be told apart).')


CHECKS: dict[str, Check] = {
    "12.1": best_hit_rate_at_one,
    "12.2": best_precision,
    "12.3": session_reward,
    "12.4": who_is_ahead,
}
