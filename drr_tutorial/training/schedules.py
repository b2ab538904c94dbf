"""Settings that change along the training: a straight line, then constant.

Used for the importance exponent beta of prioritized replay (Schaul et al. 2016, section 3.4), for the scale
of the exploration noise and for epsilon.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LinearSchedule:
    """A value that moves on a straight line from `start` to `end` in `n_steps` steps and stays there.

    `schedule(step)` for step = 0, 1, 2, ... gives a float from `start` to `end`; `n_steps = 0` means `end` at
    once. Raises ValueError when `n_steps` or `step` is negative.
    """

    start: float
    end: float
    n_steps: int

    def __post_init__(self) -> None:
        if self.n_steps < 0:
            raise ValueError(f"n_steps must be 0 or more, got {self.n_steps}; use 0 for a constant `end`")

    def __call__(self, step: int) -> float:
        """Return the value at `step` (0 = the first step)."""
        if step < 0:
            raise ValueError(f"step must be 0 or more, got {step}; count steps from 0")
        if step >= self.n_steps:
            return self.end
        return self.start + (self.end - self.start) * step / self.n_steps

    @classmethod
    def constant(cls, value: float) -> "LinearSchedule":
        """Return a schedule that is `value` at every step."""
        return cls(value, value, 0)
