"""Checks of chapter 6: nDCG, ties, collapsed models, the original's negatives, who is punished, sampled ranks."""

import math
from typing import Any

from drr_tutorial.lab.exercises import Check
from drr_tutorial.lab.exercises.answers import number


def ndcg_of_rank_three(answer: Any) -> str | None:
    """6.1: nDCG@10 of a list whose only relevant item has rank 3 is 1 / log2(4) = 0.5."""
    mistakes = {
        1 / 3: "That is the reciprocal rank, 1/3. nDCG discounts by a logarithm.",
        1 / math.log2(3): "You took log2(rank). The discount is 1 / log2(1 + rank), or rank 1 would divide by 0.",
        1 / math.log(4): "That is the natural logarithm. The discount takes the logarithm to base 2.",
        1.0: "That is the hit rate: it does not see at which of the first 10 ranks the item stands.",
        2.0: "That is log2(4). Take one over it.",
    }
    return number(answer, 0.5, mistakes, "Pass one number: 1 / log2(1 + rank), with rank 3.")


def expected_rank(answer: Any) -> str | None:
    """6.2: two above, four tied: 1 + 2 + 4/2 = 5."""
    mistakes = {
        3.0: "That is the best case: you put the item before all that tie with it.",
        7.0: "That is the worst case: you put the item behind all that tie with it.",
        4.0: "Ranks start at 1: you counted the items before it, and it stands behind those.",
        4.5: "Five items share the ranks 3 to 7. Take their mean.",
    }
    return number(answer, 5.0, mistakes, "Pass one number: 1 + items above + half of the items that tie with it.")


def collapsed_model(answer: Any) -> str | None:
    """6.3: all 100 items tie, so 10 of 100 places are hits: 0.1."""
    mistakes = {
        1.0: "Then a model that knows nothing would be perfect: you broke all ties in its favour.",
        0.0: "You took the expected rank, 50.5, for the rank. In one order of ten the item is among the first 10.",
        50.5: "That is the expected rank. How many of the 100 places are among the first 10?",
        10.0: "Those are the places that are hits. Divide by all places.",
    }
    return number(
        answer, 0.1, mistakes, "Pass one number: how many of the 100 places are among the first 10, as a share of all."
    )


def training_items_among_negatives(answer: Any) -> str | None:
    """6.4: 99 of 995 items are drawn, 100 of them from training: 99 * 100 / 995 = 9.95."""
    mistakes = {
        9.9: (
            "Nearly: the user's 5 test positives cannot be drawn, so the 99 come from 995 items. "
            "If you reckoned so and rounded, pass all digits."
        ),
        10.0: "So many, rounded. Pass all digits: the 99 come from 995 items.",
        0.0: "That is the protocol `unseen`. `original` keeps only test positives out.",
        99 * 100 / 895: "You left out the training items. `original` does not: that is the point.",
        100 / 995: "That is the chance of one draw. There are 99 draws.",
        100.0: "Those are all training items. Only 99 of 995 items are drawn for a list.",
    }
    return number(answer, 99 * 100 / 995, mistakes, "Pass one number: 99 draws, each with chance 100 in 995.")


def most_punished(answer: Any) -> str | None:
    """6.5: of the four methods, EASE loses the largest share of its hit rate by `original` negatives."""
    hints = {
        "random": "Random scores know no training item, so they lose next to nothing.",
        "popularity": "Popularity loses least of all that learn: it knows only which films everybody likes.",
        "ials": "Close. Compare shares: `original` divided by `unseen`, and take the smallest.",
        "item-knn": "Close. Compare shares: `original` divided by `unseen`, and take the smallest.",
        "drr": "The table of the chapter holds baselines only. Choose one of them.",
    }
    name = answer.strip().lower() if isinstance(answer, str) else ""
    return None if name == "ease" else hints.get(name, "Pass the name of a method of the table, such as 'popularity'.")


def rank_in_a_sample(answer: Any) -> str | None:
    """6.6: 99 of the other 1,599 stand above; of 99 drawn, 99 * 99 / 1599 do on average: rank 7.13."""
    above = 99 * 99 / 1599
    mistakes = {
        above: "So many are above it on average. Ranks start at 1.",
        1 + 99 * 100 / 1600: "Nearly: 99 others stand above it, and there are 1,599 others.",
        99 * 100 / 1600: "Nearly: 99 others stand above it, of 1,599 others; and ranks start at 1.",
        100.0: "That is its rank in the whole catalogue.",
        50.0: "Not half of the sample is above it: only 99 of the 1,599 others are.",
    }
    otherwise = "Pass one number: 1 + 99 draws, each above it with the chance 99 in 1,599."
    return number(answer, 1 + above, mistakes, otherwise)


CHECKS: dict[str, Check] = {
    "6.1": ndcg_of_rank_three,
    "6.2": expected_rank,
    "6.3": collapsed_model,
    "6.4": training_items_among_negatives,
    "6.5": most_punished,
    "6.6": rank_in_a_sample,
}
