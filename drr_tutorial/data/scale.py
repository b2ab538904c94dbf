"""On what scale people rate, and from where on a rating says "I like it".

Whoever learns, rewards or evaluates asks the data for its scale, so that where a like begins is said once, with the
data, and is the same everywhere.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST_STARS, MOST_STARS, LIKED_ABOVE = 0.5, 5.0, 3.0


@dataclass(frozen=True)
class Scale:
    """The lowest and the highest rating that can be given, and the number above which one counts as liked."""

    lowest: float = 1.0
    highest: float = 5.0
    liked_above: float = LIKED_ABOVE

    def __post_init__(self) -> None:
        for name in ("lowest", "highest", "liked_above"):  # numpy's numbers would compare in another precision
            object.__setattr__(self, name, float(getattr(self, name)))

    @classmethod
    def of(cls, ratings: ArrayLike, liked_above: float | None = None) -> Self:
        """The scale of `ratings`: stars where they fit, else from the lowest to the highest that was given.

        Stars go from 1 to 5, or in halves from 0.5, and are liked above 3. Any other scale needs `liked_above`: nobody
        else can know from where on 1 to 10, or 0 and 1, mean that something is liked. Raises `ValueError` without it,
        and for a `liked_above` that is not finite or above which there is no rating.
        """
        values = np.asarray(ratings)
        if values.dtype.kind not in "biuf":  # numbers are left as they are: a copy as doubles may be large
            values = np.asarray(ratings, dtype=np.float64)
        lowest, highest = (float(values.min()), float(values.max())) if values.size else (1.0, MOST_STARS)
        are_stars = lowest >= FEWEST_STARS and highest <= MOST_STARS
        if liked_above is None:
            if not are_stars:
                raise ValueError(_unknown(lowest, highest))
            return cls(min(1.0, lowest), MOST_STARS)
        if not isinstance(liked_above, int | float | np.number) or isinstance(liked_above, bool):
            raise ValueError(f"liked_above must be a number, got {liked_above!r}; a rating above it counts as liked")
        if not math.isfinite(liked_above) or liked_above >= max(highest, MOST_STARS * are_stars):
            raise ValueError(
                f"liked_above must be a number below the highest rating, got {liked_above:g} and ratings from "
                f"{lowest:g} to {highest:g}; a rating above it counts as liked"
            )
        return cls(min(1.0, lowest), MOST_STARS, liked_above) if are_stars else cls(lowest, highest, liked_above)

    @property
    def star(self) -> float:
        """What is a step from one star to the next where there are five: a quarter of the way."""
        return (self.highest - self.lowest) / 4 if self.highest > self.lowest else 1.0

    def stretched_to(self, ratings: NDArray[Any]) -> Self:
        """The same scale with room for new ratings (n,). Raises `ValueError` for those that are no stars where the
        others are.
        """
        if not len(ratings):
            return self
        lowest, highest = float(ratings.min()), float(ratings.max())
        are_stars = self.lowest >= FEWEST_STARS and self.highest == MOST_STARS
        if are_stars and not FEWEST_STARS <= lowest <= highest <= MOST_STARS:
            raise ValueError(
                f"ratings must be stars from {FEWEST_STARS:g} to {MOST_STARS:g}, as those that are known, got "
                f"{lowest:g} to {highest:g}; correct or drop what is none"
            )
        return replace(self, lowest=min(self.lowest, lowest), highest=max(self.highest, highest))

    def liked(self, ratings: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the ratings are likes; the same shape."""
        return np.asarray(ratings > self.liked_above)


STARS = Scale()


def _unknown(lowest: float, highest: float) -> str:
    return (
        f"ratings go from {lowest:g} to {highest:g}, which does not fit liked_above={LIKED_ABOVE:g}, where a like "
        f"begins on a scale of {FEWEST_STARS:g} to {MOST_STARS:g} stars; say above which rating something is liked: "
        f"liked_above={_guess(lowest, highest):g}, for instance (on the command line --liked-above)"
    )


def _guess(lowest: float, highest: float) -> float:
    """An example for the message: the middle, as 3 of 5 stars, or the lowest where there are few numbers."""
    if highest == lowest:
        return lowest - 1  # whatever was rated is liked
    return lowest if highest - lowest <= 2 else round(lowest + (highest - lowest) / 2)
