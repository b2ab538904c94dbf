"""The arithmetic of a cluster: what each machine holds, what an update sends, what lists for everybody cost.

Numbers of bytes follow from the layout of the package's own arrays; `tests/benchmarks/cluster_speed.py` holds them
against a small run. Times are measured on one machine and carried over by the stated rule; prices are yours.
"""

import math
from typing import NamedTuple

from drr_tutorial.training.transitions import row_dtype

NUMBER = 4  # bytes of a float32 and of an int32
RATING = 3 * NUMBER  # user, item, rating
SHOWN = 2 * NUMBER + 1  # for each user at play and item: what it pays, its penalty, and whether it is there
LINKS = 2 * 32 * NUMBER  # of an item in an index of `recommenders.index`: on the ground level, twice NEIGHBOURS
HOURS = 3600.0


class Size(NamedTuple):
    """How large the data and the agent are."""

    users: int
    items: int
    length: int
    """k, of a vector."""
    ratings: int
    """Ratings a user, on average."""
    memory: int
    """N, items in a state."""
    capacity: int
    """Transitions kept for replay, over all workers."""
    at_play: int
    """Users at play, over all workers."""
    weights: int
    """Of actor, critic and state, all of which move."""


class Part(NamedTuple):
    """Something that takes memory on each machine."""

    name: str
    bytes: int
    """On one machine."""
    shared: bool
    """Whether more machines make it smaller."""


def memory(size: Size, machines: int, candidates: int | None = None) -> list[Part]:
    """What one of `machines` holds, a worker each, in training.

    `candidates`: what an index finds for each user at play; None: all items are scored, as in one process today.
    """
    users, at_play = (math.ceil(number / machines) for number in (size.users, size.at_play))
    row = row_dtype(size.memory, size.length, None).itemsize
    return [
        Part("ratings", users * size.ratings * RATING, shared=True),
        Part("user vectors", users * size.length * NUMBER, shared=True),
        Part("item vectors", (size.items + 1) * size.length * NUMBER, shared=False),
        Part("replay", math.ceil(size.capacity / machines) * row, shared=True),
        Part("users at play", at_play * (candidates or size.items) * SHOWN, shared=True),
        Part("index", 0 if candidates is None else index_bytes(size), shared=False),
    ]


def index_bytes(size: Size) -> int:
    """Of an index over all items: each one's vector, and its links on the ground level, which nearly all have alone."""
    return size.items * (size.length * NUMBER + LINKS)


def sent_bytes(size: Size, machines: int) -> int:
    """What each machine sends at one update, and receives: a mean of all gradients by the shortest way takes
    2 (n - 1) / n times their size (Patarasuk & Yuan 2009). The transitions stay where they are.
    """
    return round(2 * (machines - 1) / machines * size.weights * NUMBER)


def shard_bytes(size: Size, machines: int) -> int:
    """What each machine is sent once, before the first update: its shard of ratings and users, and all items."""
    return sum(
        part.bytes for part in memory(size, machines) if part.name in ("ratings", "user vectors", "item vectors")
    )


def search_seconds(measured: dict[int, float], items: int) -> float:
    """Seconds of a search in an index of so many items, from those in smaller ones: they grow with the logarithm.

    `measured`: items -> seconds, of two sizes at least; a straight line over log(items) by least squares.
    """
    if len(measured) < 2:
        raise ValueError(f"measured must hold two sizes at least, got {sorted(measured)}")
    logs = [math.log(n) for n in measured]
    mean_log, mean = sum(logs) / len(logs), sum(measured.values()) / len(measured)
    slope = sum((log - mean_log) * (seconds - mean) for log, seconds in zip(logs, measured.values(), strict=True))
    return mean + slope / sum((log - mean_log) ** 2 for log in logs) * (math.log(items) - mean_log)


def scan_seconds(measured: dict[int, float], items: int) -> float:
    """The same without an index: all items are scored, so seconds grow as they do. From the largest size measured."""
    largest = max(measured)
    return measured[largest] * items / largest


class Prices(NamedTuple):
    """What a cluster costs, in whatever money."""

    gigabyte_hour: float
    """Of memory."""
    processor_hour: float


def memory_cost(parts: list[Part], machines: int, hours: float, prices: Prices) -> dict[str, float]:
    """What each part costs for so many hours, on all machines."""
    return {part.name: part.bytes / 1e9 * machines * hours * prices.gigabyte_hour for part in parts}


def lists_hours(size: Size, seconds: float, processors: int) -> float:
    """Hours until each user has a list, one list at a time on each processor."""
    return size.users * seconds / processors / HOURS
