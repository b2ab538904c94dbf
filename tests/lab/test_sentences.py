"""Sentences say what the intervals say, whichever way they turn."""

from typing import Any

import pytest

from drr_tutorial.lab import sentences


def interval(mean: float, half: float = 0.01) -> dict[str, float]:
    return {"mean": mean, "low": mean - half, "high": mean + half, "p": 0.03}


def table(metric: str, methods: dict[str, float], difference: float) -> dict[str, Any]:
    bars = {name: value for name, value in methods.items() if not name.startswith("DRR")}
    return {
        "methods": {name: {metric: interval(value)} for name, value in methods.items()},
        "best": {metric: max(bars, key=lambda name: bars[name])},
        "differences": {metric: {"DRR-ave": interval(difference)}},
    }


TABLES = {
    "unseen": table("nDCG@10", {"EASE": 0.5, "iALS": 0.4, "DRR-ave": 0.55}, 0.05),
    "full": table("nDCG@10", {"EASE": 0.2, "iALS": 0.3, "DRR-ave": 0.28}, -0.02),
    "simulated": table("reward@10", {"EASE": 6.0, "iALS": 5.0, "DRR-ave": 6.0}, 0.002),
}


@pytest.mark.parametrize(("mean", "word"), [(0.02, "ahead"), (-0.02, "behind"), (0.005, "level"), (-0.005, "level")])
def test_a_difference_counts_when_its_interval_leaves_out_zero(mean: float, word: str) -> None:
    assert sentences.standing(interval(mean)) == word


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"over seeds": interval(0.02)}, "ahead"),
        ({"over seeds": interval(0.005)}, "level"),
        ({"p corrected": 0.04}, "ahead"),
        ({"p corrected": 0.06, "over seeds": interval(0.02)}, "level"),
    ],
)
def test_a_difference_counts_when_seeds_and_the_corrected_p_say_so_too(more: dict[str, Any], word: str) -> None:
    assert sentences.standing(interval(0.02) | more) == word
    mirrored = {"over seeds": interval(-more["over seeds"]["mean"])} if "over seeds" in more else {}
    assert sentences.standing(interval(-0.02) | more | mirrored) == word.replace("ahead", "behind")


def test_every_protocol_has_its_sentence() -> None:
    lines = sentences.against_the_best(TABLES, "DRR-ave").splitlines()
    assert lines[0] == (
        "- `unseen`: DRR-ave **is ahead of** the best bar, EASE: nDCG@10 0.550 against 0.500, "
        "difference +0.0500 [+0.0400, +0.0600], p = 0.0300"
    )
    assert "**is behind** the best bar, iALS" in lines[1]
    assert "**cannot be told from** the best bar, EASE: reward@10 6.000" in lines[2]
    assert sentences.count(TABLES, "DRR-ave") == {"ahead": 1, "behind": 1, "level": 1}
    assert sentences.count(TABLES, "DRR-p") == {"ahead": 0, "behind": 0, "level": 0}


def test_cells_hold_intervals() -> None:
    assert sentences.with_intervals(TABLES["full"]).loc["iALS", "nDCG@10"] == "0.300 [0.290, 0.310]"


def test_agents_by_protocol_before_and_after_training() -> None:
    tables = {
        "unseen": {
            "methods": {
                name: {"nDCG@10": {"mean": sum(seeds) / 2, "seeds": seeds}}
                for name, seeds in {
                    "DRR-ave": [0.5, 0.6],
                    "DRR-ave, before training": [0.5, 0.5],
                    "DRR-p": [0.4, 0.6],
                    "DRR-p, before training": [0.4, 0.6],
                }.items()
            },
            "best": {"nDCG@10": "iALS"},
            "training adds": {"nDCG@10": {"DRR-ave": interval(0.05), "DRR-p": interval(0.0, 0.0)}},
        }
    }
    agents = ["DRR-ave", "DRR-p"]
    assert sentences.by_protocol(tables, agents).loc["unseen"].tolist() == ["nDCG@10", 0.55, 0.5]
    assert sentences.training_adds(tables, agents).loc["unseen"].tolist() == [
        "+0.0500 [+0.0400, +0.0600]",
        "+0.0000 [+0.0000, +0.0000]",
    ]
    assert [sentences.learned_nothing(tables, agent) for agent in agents] == [False, True]


def test_pairs_that_two_protocols_order_differently() -> None:
    pairs = sentences.flipping_pairs(TABLES)
    assert ("EASE", "iALS", "unseen", "full") in pairs
    assert ("iALS", "EASE", "full", "unseen") in pairs
    assert not [
        pair for pair in pairs if set(pair[2:]) == {"unseen", "simulated"} and set(pair[:2]) == {"EASE", "iALS"}
    ]
    turned = sentences.turned(TABLES, "EASE", "iALS")
    assert turned["first"].tolist() == ["EASE", "iALS", "EASE"]


def trials(*settings: dict[str, float]) -> list[dict[str, Any]]:
    return [{"settings": one} for one in settings]


@pytest.mark.parametrize(
    ("tried", "ends"),
    [
        (trials({"l2": 2.0}, {"l2": 1.0}, {"l2": 3.0}), []),
        (trials({"l2": 3.0}, {"l2": 2.0}, {"l2": 1.0}), ["l2"]),
        (trials({"l2": 1.0, "k": 8}, {"l2": 2.0, "k": 8}), ["l2"]),  # k was not searched for
    ],
)
def test_a_search_is_at_an_end_where_a_wider_one_might_find_better(tried: list[Any], ends: list[str]) -> None:
    assert sentences.at_an_end(tried) == ends


def test_all_that_was_tried_for_a_bar_is_one_line() -> None:
    rows = {
        "ml-100k.original.SLIM": {"figures": {"trials": trials({"l2": 2.0}, {"l2": 1.0}, {"l2": 3.0})}},
        "ml-1m.ncf.SLIM": {"figures": {"trials": trials({"l2": 4.0}, {"l2": 1.0})}},
        "ml-1m.ncf.popularity": {"figures": {"trials": trials({})}},
        "ml-1m.ncf.next.drr-ave.0": {"figures": {}},
    }
    table = sentences.searches(rows)
    assert table.to_dict("index") == {"SLIM": {"tried": "l2 1, 2, 3, 4", "trials": 3, "searches": 2, "at an end": 1}}


@pytest.mark.parametrize(
    ("names", "said"), [([], "none"), (["1"], "1"), (["1", "4"], "1 and 4"), (["2", "3", "5"], "2, 3 and 5")]
)
def test_names_one_after_another(names: list[str], said: str) -> None:
    assert sentences.one_after_another(names) == said
