"""SARDINE's rules with ninety items of our own, for chapter 9: it shows boredom and moving tastes where SARDINE itself
is not installed.

Users, clicks, boredom and drift are those of `worlds.sardine_users`, and the rules those of SARDINE's
`SingleItem-BoredInf-v0`; a test compares the two. Only the items differ: SARDINE brings a file of a thousand, here is
one item for each ordered pair of topics. So what is earned here is near to what is earned there while tastes are fixed;
where they move it is less, for here every item moves a taste by the same amount, and none can be chosen to spare it.
"""

from itertools import permutations
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.worlds.planners import Policy
from drr_tutorial.worlds.sardine import MEMORY_SIZE, SardineSessions
from drr_tutorial.worlds.sardine_users import SardineWorld

N_TOPICS, MAIN, SIDE = 10, 0.8, 0.6  # an item's entries: its main topic, and another
RULES: dict[str, Any] = {
    "slate_size": 1, "num_topics": N_TOPICS, "H": 100, "alpha": 1.0, "propensities": [1.0], "offset": 0.65,
    "slope": 100, "recent_items_maxlen": 10, "boredom_thresh": 5, "boredom_moving_window": 5, "rel_penalty": False,
    "rel_threshold": None, "diversity_penalty": 1.0, "diversity_threshold": 4, "boredom_type": "user_car",
}  # fmt: skip


class Session(NamedTuple):
    """What a user was shown, step by step; each (n_steps,)."""

    topics: NDArray[np.int64]  # the main topic of the item
    clicked: NDArray[np.bool_]
    bored: NDArray[np.bool_]  # when it was shown


def small_world(omega: float = 0.95) -> SardineWorld:
    """Ninety items by SARDINE's rules; `omega` is what a click leaves of a taste, from 0 to 1 (1: tastes are fixed)."""
    if not 0 <= omega <= 1:
        raise ValueError(f"omega must be from 0 to 1, got {omega!r}; 0.95 is SARDINE's, with 1 tastes are fixed")
    pairs = np.array(list(permutations(range(N_TOPICS), 2)))
    vectors, places = np.zeros((len(pairs), N_TOPICS)), np.arange(len(pairs))
    vectors[places, pairs[:, 0]], vectors[places, pairs[:, 1]] = MAIN, SIDE
    rules = SimpleNamespace(
        **RULES, omega=omega, num_items=len(pairs), item_embedd=vectors, item_comp=pairs[:, 0], max_score=1.0
    )
    env: Any = SimpleNamespace(unwrapped=rules)
    return SardineWorld(env)


def one_session(world: SardineWorld, policy: Policy, seed: int) -> Session:
    """The whole session of one user, the same for the same seed, with a player that may look into her."""
    sessions = SardineSessions(world, 1, MEMORY_SIZE)
    sessions.rngs = [np.random.default_rng(seed)]
    sessions.start(np.ones(1, dtype=np.bool_))
    users: Any = sessions.users
    steps = []
    while not sessions.finished[0]:
        items, bored = policy(sessions), bool(users.bored.any())
        steps.append((world.topics[items[0]], sessions.step(items).liked[0], bored))
    topics, clicked, bored_then = (np.array(part) for part in zip(*steps, strict=True))
    return Session(topics, clicked, bored_then)


def drift(
    taste: NDArray[np.float64], moves_to: NDArray[np.float64], n_clicks: int, omega: float
) -> NDArray[np.float64]:
    """A taste (k,) before the first of `n_clicks` and after each, (n_clicks + 1, k): `moves_to` (k,) joins it.

    u <- (omega u + (1 - omega) moves_to), of length 1 again.
    """
    tastes = [np.asarray(taste, dtype=np.float64)]
    for _ in range(n_clicks):
        moved = omega * tastes[-1] + (1 - omega) * np.asarray(moves_to)
        tastes.append(moved / np.linalg.norm(moved))
    return np.stack(tastes)
