"""The planning world: what is shown today changes what the user likes tomorrow.

200 items have a topic and a depth. Showing a topic bores the user of it; a liked deep item grows an interest in its
topic, though deep items are liked less at once; a dislike may end the session. So an agent that asks only what is
liked now (myopic) earns far less than one that plans, and `bounds` computes how much. The design and its numbers are
this project's own.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import expit

from drr_tutorial.config.checked import Count, Natural, settings

Vectors = NDArray[np.float64]
N_TOPICS = 8
SPREAD = 0.35  # of the items around their topic
TASTE_SHAPE = 0.7  # of the Gamma weights of a taste: few topics matter to a user, most hardly
SHARPNESS = 3.0
BOREDOM_WEIGHT, BOREDOM_STAYS = 0.35, 0.85  # a step
GROWTH, INTEREST_STAYS, MOST_INTEREST = 0.8, 0.98, 1.5
DEPTH_COST, THRESHOLD = 0.2, 0.2
LEAVES_AFTER_LIKE, LEAVES_AFTER_DISLIKE = 0.01, 0.10


class Items(NamedTuple):
    """What is shown; float64."""

    corners: Vectors  # (topic, 8), orthonormal: the topics that items lie around
    topics: Vectors  # (n_items, 8), v_j, of unit length
    depths: Vectors  # (n_items,), h_j


@settings
class PlanningWorld:
    """The items, and which of the three effects are on.

    How a user likes item j, with taste u, boredom b and interest x, all (8,):

        P(like j) = sigmoid(3 (u.v_j + x.v_j - 0.35 b.v_j - 0.2 h_j - 0.2))

    then b <- 0.85 b + v_j, and x <- 0.98 x + 0.8 max(h_j, 0) v_j after a like, |x| <= 1.5. The user leaves with
    probability 0.01 after a like, 0.10 after a dislike. An item may be shown again.

    Args:
        n_items: size of the catalogue, at least 8, so that every topic has an item.
        world_seed: draws the items: topics v_j (8,) of unit length and depths h_j in (-1, 1).
        boredom: whether b grows; off, it stays 0.
        growth: whether x grows; off, it stays 0.
        leaving: whether users leave; off, every session lasts `max_steps`.
        max_steps: steps of a session at most.
    """

    n_items: Annotated[int, Field(ge=N_TOPICS)] = 200
    world_seed: Natural = 0
    boredom: bool = True
    growth: bool = True
    leaving: bool = True
    max_steps: Count = 50

    @cached_property
    def items(self) -> Items:
        """The items, drawn from `world_seed`."""
        rng = np.random.default_rng(self.world_seed)
        corners = np.linalg.qr(rng.normal(size=(N_TOPICS, N_TOPICS))).Q  # (topic, 8), orthonormal
        noise = SPREAD * rng.normal(size=(self.n_items, N_TOPICS)) / np.sqrt(N_TOPICS)
        topics = corners[np.arange(self.n_items) % N_TOPICS] + noise
        topics /= np.linalg.norm(topics, axis=1, keepdims=True)
        depths = rng.uniform(-1, 1, self.n_items)
        return Items(corners, topics, depths)

    @property
    def item_vectors(self) -> NDArray[np.float32]:
        """What an agent knows of the items: [v_j, h_j / 2], (n_items, 9)."""
        return np.column_stack([self.items.topics, self.items.depths / 2]).astype(np.float32)

    @property
    def user_size(self) -> int:
        """Length of what an agent sees of a user: the taste."""
        return N_TOPICS

    def users(self, count: int) -> "PlanningUsers":
        """Places for `count` users; each is empty until somebody arrives."""
        return PlanningUsers(self, count)


class PlanningUsers:
    """m users of a world side by side: what each likes now. `taste`, `boredom` and `interest` are (m, 8)."""

    ARRAYS: tuple[str, ...] = ("taste", "boredom", "interest")

    def __init__(self, world: PlanningWorld, count: int) -> None:
        self.world, self.items = world, world.items
        self.taste, self.boredom, self.interest = np.zeros((3, count, N_TOPICS))

    def arrive(self, places: NDArray[np.int64], rngs: Sequence[np.random.Generator]) -> None:
        """Somebody new at each of the `places`, drawn by the generator of that place."""
        weights = np.array([rng.standard_gamma(TASTE_SHAPE, N_TOPICS) for rng in rngs]).reshape(-1, N_TOPICS)
        taste = np.einsum("mt,tk->mk", weights, self.items.corners)
        self.taste[places] = taste / np.linalg.norm(taste, axis=1, keepdims=True)
        self.boredom[places] = self.interest[places] = 0

    def chance(self, items: NDArray[np.int64]) -> Vectors:
        """P(like) of one item for each user, (m,)."""
        return expit(SHARPNESS * ((self._liking() * self.items.topics[items]).sum(axis=1) - self._cost()[items]))

    def chances(self) -> Vectors:
        """P(like) of all items, (m, n_items): full knowledge, which no agent has."""
        return expit(SHARPNESS * (self._liking() @ self.items.topics.T - self._cost()))

    def see(self, items: NDArray[np.int64], liked: NDArray[np.bool_]) -> None:
        """What an item does to each user; `liked` (m,) is how it was answered."""
        shown = self.items.topics[items]
        if self.world.boredom:
            self.boredom *= BOREDOM_STAYS
            self.boredom += shown
        if self.world.growth:
            self.interest *= INTEREST_STAYS
            self.interest += (GROWTH * np.maximum(self.items.depths[items], 0) * liked)[:, None] * shown
            size = np.sqrt((self.interest**2).sum(axis=1, keepdims=True))
            self.interest *= np.minimum(1, MOST_INTEREST / np.maximum(size, MOST_INTEREST))

    def leave_chance(self, liked: NDArray[np.bool_]) -> Vectors:
        """P(leave) after each answer, (m,)."""
        return np.where(liked, LEAVES_AFTER_LIKE, LEAVES_AFTER_DISLIKE) * self.world.leaving

    def seen(self) -> NDArray[np.float32]:
        """What an agent sees of the users themselves, (m, user_size): their tastes."""
        return self.taste.astype(np.float32)

    def _liking(self) -> Vectors:
        return self.taste + self.interest - BOREDOM_WEIGHT * self.boredom

    def _cost(self) -> Vectors:
        return DEPTH_COST * self.items.depths + THRESHOLD
