"""What chapter 7 computes in the tiny world: its rules changed, sweeps of value iteration, sessions step by step.

`drr_tutorial.worlds.tiny` solves the world as it is. Here every number of its rules is an argument, so that an effect
can be weakened or switched off, and what value iteration does on the way can be looked at.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from drr_tutorial.worlds.planning import LEAVES_AFTER_DISLIKE, LEAVES_AFTER_LIKE, SHARPNESS, THRESHOLD, Vectors
from drr_tutorial.worlds.tiny import (
    BOREDOM_WEIGHT,
    DEPTH,
    DEPTH_COST,
    LEVEL_WORTH,
    N_STATES,
    N_TOPICS,
    SHAPE,
    TASTE,
    TOPIC,
    Model,
    Solution,
    tiny_model,
)

Policy = NDArray[np.int64]  # (400,): the item that is shown in each state
ITEMS = ("1 shallow", "1 deep", "2 shallow", "2 deep")  # topic and depth of the four items
MOST_STEPS = 1000  # of a session, as in the environment
CERTAIN = 1e-6  # a chance so near to 0 or 1 that the other answer never comes


class Rules(NamedTuple):
    """The numbers that the tiny world's rules are made of; the defaults are the world's own."""

    level_worth: float = LEVEL_WORTH  # what a level of interest adds to how a topic is liked; 0: no growth
    boredom_weight: float = BOREDOM_WEIGHT  # what a level of boredom takes away; 0: no boredom
    depth_cost: float = DEPTH_COST  # what a deep item loses, and a shallow one gains
    leaves_after_like: float = LEAVES_AFTER_LIKE
    leaves_after_dislike: float = LEAVES_AFTER_DISLIKE


WORLD = Rules()


class Session(NamedTuple):
    """A user's session, step by step; levels are those before the step."""

    items: NDArray[np.int64]  # (n,)
    liked: NDArray[np.bool_]  # (n,)
    boredom: NDArray[np.int64]  # (n, 2)
    interest: NDArray[np.int64]  # (n, 2)


class Steps(NamedTuple):
    """Shares of all users at each step, (n,) each."""

    here: Vectors  # who is still there
    like: Vectors  # who is still there and likes what is shown
    deep: Vectors  # who is still there and is shown a deep item


def state_of(boredom: tuple[int, int], interest: tuple[int, int]) -> int:
    """The number of the state, 0 to 399, with these levels of the two topics: boredom 0 to 3, interest 0 to 4.

    Raises `ValueError` for any other level.
    """
    try:
        return int(np.ravel_multi_index((*boredom, *interest), SHAPE))
    except ValueError as error:
        raise ValueError(f"boredom must be 0 to 3, interest 0 to 4, got {boredom} and {interest}") from error


def levels() -> NDArray[np.int64]:
    """The levels of every state, (400, 4): boredom of both topics, then interest of both."""
    return np.array(np.unravel_index(np.arange(N_STATES), SHAPE)).T


def model_of(rules: Rules = WORLD) -> Model:
    """The tiny world under other rules: other chances of a like, the same states that follow."""
    found = levels()
    liking = TASTE + rules.level_worth * found[:, N_TOPICS:] - rules.boredom_weight * found[:, :N_TOPICS]  # (400, 2)
    like = expit(SHARPNESS * (liking[:, TOPIC] - rules.depth_cost * DEPTH - THRESHOLD))
    return tiny_model()._replace(like=like)


def action_values(values: Vectors, gamma: float, rules: Rules = WORLD) -> Vectors:
    """Q of each state and item, (400, 4): the reward, and what follows if `values` (400,) are those of the states.

    The right-hand side of the Bellman equation; whoever leaves has no more to give, so what follows counts with
    the chance to stay.
    """
    return _backup(model_of(rules), values, gamma, rules)


def sweeps(gamma: float, count: int, rules: Rules = WORLD) -> Vectors:
    """Values of all states after 0, 1, ... `count` sweeps of value iteration that start at 0, (count + 1, 400).

    After n sweeps they are the values of a session that is cut off after n steps.
    """
    _check(gamma, rules)
    model, found = model_of(rules), np.zeros((count + 1, N_STATES))
    for sweep in range(count):
        found[sweep + 1] = _backup(model, found[sweep], gamma, rules).max(axis=1)
    return found


def solve_with(rules: Rules, gamma: float, *, tolerance: float = 1e-10) -> Solution:
    """As `drr_tutorial.worlds.tiny.solve`, under other rules; `likes` are those of the changed world.

    Raises `ValueError` for a gamma outside 0 to 1, and when values have no end: gamma 1 where nobody ever leaves.
    """
    _check(gamma, rules)
    if not tolerance > 0:
        raise ValueError(f"tolerance must be above 0, got {tolerance}")
    if gamma == 1 and not _ends(rules):
        raise ValueError("with gamma 1 values grow for ever where nobody leaves")
    model, values = model_of(rules), np.zeros(N_STATES)
    while True:
        found = _backup(model, values, gamma, rules)
        best = found.max(axis=1)
        moved, values = np.abs(best - values).max(), best
        if moved <= tolerance:
            policy = found.argmax(axis=1)
            return Solution(values, policy, likes_with(rules, policy))


def visits(policy: Policy, rules: Rules = WORLD) -> Vectors:
    """How often a session that starts fresh is in each state, on average, (400,); their sum is its mean length.

    Exact: a linear system (Sutton & Barto 2018, section 9.2). Raises `ValueError` where sessions do not end.
    """
    if not _ends(rules):
        raise ValueError("sessions never end where nobody leaves")
    return np.linalg.solve(np.eye(N_STATES) - _moves(policy, rules).T, np.eye(N_STATES)[0])


def likes_with(rules: Rules, policy: Policy) -> float:
    """Mean likes of a session that plays `policy` (400,), exactly; infinite where nobody leaves."""
    if not _ends(rules):
        return float("inf")
    like = model_of(rules).like[np.arange(N_STATES), policy]
    return float(visits(policy, rules) @ like)


def by_step(policy: Policy, count: int) -> Steps:
    """The first `count` steps of a session that plays `policy` (400,), on average over users, exactly."""
    like, moves = tiny_model().like[np.arange(N_STATES), policy], _moves(policy, WORLD)
    share, steps = np.eye(N_STATES)[0], np.zeros((3, count))
    for step in range(count):
        steps[:, step] = share.sum(), share @ like, share @ (DEPTH[policy] > 0)
        share = share @ moves
    return Steps(*steps)


def luck_of(seed: int) -> Vectors:
    """One user's luck, (1000, 2), uniform from 0 to 1: two numbers a step, for the like and for leaving."""
    return np.random.default_rng(seed).random((MOST_STEPS, 2))


def session(policy: Policy, luck: Vectors) -> Session:
    """One user's session with `policy`, with luck (n, 2): a like where the first number of a step is below P(like),
    the end where the second is below the chance to leave. Two policies with the same luck meet the same user.
    """
    model, state, steps = tiny_model(), 0, []
    for for_like, for_leaving in luck:
        item = policy[state]
        liked = for_like < model.like[state, item]
        steps.append((state, item, liked))
        if for_leaving < (LEAVES_AFTER_LIKE if liked else LEAVES_AFTER_DISLIKE):
            break
        state = (model.after_like if liked else model.after_dislike)[state, item]
    states, items, likes = (np.array(part) for part in zip(*steps, strict=True))
    found = levels()[states]
    return Session(items, likes, found[:, :N_TOPICS], found[:, N_TOPICS:])


def typical_user(policies: list[Policy], likes: list[float], candidates: int = 200) -> int:
    """The seed, of so many, whose sessions have likes nearest to what each of the policies earns on average.

    The distance is that of the logarithms, summed over policies.
    """

    def far(seed: int) -> float:
        luck = luck_of(seed)
        got = np.array([session(policy, luck).liked.sum() for policy in policies])
        return float(np.abs(np.log((got + 1) / (np.array(likes) + 1))).sum())

    return min(range(candidates), key=far)


def _ends(rules: Rules) -> bool:
    """Whether sessions end at last: who may leave after both answers does, else the one answer has to come."""
    like, both = model_of(rules).like, (rules.leaves_after_like, rules.leaves_after_dislike)
    return min(both) > 0 or (max(both) > 0 and like.min() > CERTAIN and like.max() < 1 - CERTAIN)


def _check(gamma: float, rules: Rules) -> None:
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma must be from 0 to 1, got {gamma}")
    for name, value in rules._asdict().items():
        if not np.isfinite(value) or (name.startswith("leaves") and not 0 <= value <= 1):
            kind = "a probability" if name.startswith("leaves") else "finite"
            raise ValueError(f"{name} of the rules must be {kind}, got {value}")


def _backup(model: Model, values: Vectors, gamma: float, rules: Rules) -> Vectors:
    liked = model.like * (1 - rules.leaves_after_like) * values[model.after_like]
    disliked = (1 - model.like) * (1 - rules.leaves_after_dislike) * values[model.after_dislike]
    return model.like + gamma * (liked + disliked)


def _moves(policy: Policy, rules: Rules) -> Vectors:
    """The chance to be in state j a step after state i, (400, 400); rows add up to the chance to stay."""
    model, rows, moves = model_of(rules), np.arange(N_STATES), np.zeros((N_STATES, N_STATES))
    like = model.like[rows, policy]
    np.add.at(moves, (rows, model.after_like[rows, policy]), like * (1 - rules.leaves_after_like))
    np.add.at(moves, (rows, model.after_dislike[rows, policy]), (1 - like) * (1 - rules.leaves_after_dislike))
    return moves
