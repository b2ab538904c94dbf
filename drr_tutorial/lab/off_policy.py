"""What chapter 11 judges: two policies of the tiny world, from the logs of a third, where the truth is known."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.evaluation.fitted_q import Transitions, fitted_q, values_at
from drr_tutorial.evaluation.off_policy import (
    Bootstrap,
    Estimate,
    LoggedEpisodes,
    ModelValues,
    doubly_robust,
    importance_sampling,
    model_only,
    per_decision,
    weighted_doubly_robust,
    weighted_per_decision,
)
from drr_tutorial.worlds.tiny import INTEREST_LEVELS, N_STATES, N_TOPICS, solve
from drr_tutorial.worlds.tiny_logs import Indices, TinyLog, finite_values, log_sessions, softened

Floats = NDArray[np.float64]
Judge = Callable[[TinyLog, Floats, Floats], Mapping[str, Estimate]]
ALL_LEVELS = np.arange(N_STATES)  # a cell for each state
BOREDOM_ONLY = ALL_LEVELS // INTEREST_LEVELS**N_TOPICS  # a model with these cells cannot tell interests apart


class Policies(NamedTuple):
    """Tables (400, 4): who played, and who is to be judged."""

    logging: Floats  # myopic, half of the time at random
    near: Floats  # myopic, a quarter of the time at random
    far: Floats  # optimal for endless sessions, a fifth of the time at random


def three_policies() -> Policies:
    """The chapter's policies."""
    myopic, planner = solve(0.0).policy, solve(1.0).policy
    return Policies(softened(myopic, 0.5), softened(myopic, 0.25), softened(planner, 0.2))


def episodes_of(log: TinyLog, logging: Floats, target: Floats) -> LoggedEpisodes:
    """A log of the tiny world as estimators want it."""
    rows = log.states, log.actions
    return LoggedEpisodes(log.rewards, logging[rows], target[rows], log.lengths)


def transitions_of(log: TinyLog, target: Floats, cells: Indices = ALL_LEVELS) -> Transitions:
    """The steps of a log in one row, with states put into `cells` (400,)."""
    played = log.mask()
    last = np.arange(played.shape[1]) == log.lengths[:, None] - 1
    follow = log.next_states[played]
    terminated = (last & log.left[:, None])[played]
    return Transitions(
        cells[log.states[played]], log.actions[played], log.rewards[played], cells[follow], terminated, target[follow]
    )


def crossed_model(log: TinyLog, target: Floats, cells: Indices = ALL_LEVELS) -> ModelValues:
    """Values for each session of a log, by the model that was fitted to the half of the log that does not hold it."""
    halves = np.arange(len(log.states)) % 2 == 0
    q, v = np.empty((2, *log.states.shape))
    for here in (halves, ~halves):
        judged = log.where(here)
        fitted = fitted_q(transitions_of(log.where(~here), target, cells), int(cells.max()) + 1, log.states.shape[1])
        q[here], v[here] = values_at(fitted, cells[judged.states], judged.actions, target[judged.states])
    return ModelValues(q, v)


def exact_model(log: TinyLog, target: Floats) -> ModelValues:
    """Values for each session of a log, by the world's own rules."""
    q = finite_values(target, log.states.shape[1]).q
    return values_at(q, log.states, log.actions, target[log.states])


def weighted_only(
    log: TinyLog, logging: Floats, target: Floats, bootstrap: Bootstrap | None = None
) -> dict[str, Estimate]:
    """The word of the estimators that need no model on the target policy, by name."""
    episodes = episodes_of(log, logging, target)
    return {
        "whole sessions": importance_sampling(episodes, bootstrap=bootstrap),
        "per decision": per_decision(episodes, bootstrap=bootstrap),
        "weighted": weighted_per_decision(episodes, bootstrap=bootstrap),
    }


def estimates(log: TinyLog, logging: Floats, target: Floats, bootstrap: Bootstrap | None = None) -> dict[str, Estimate]:
    """Every estimator's word on the target policy, by name."""
    episodes, model = episodes_of(log, logging, target), crossed_model(log, target)
    return weighted_only(log, logging, target, bootstrap) | {
        "model": model_only(model, None),  # its interval would be about the sessions, not about the model
        "doubly robust": doubly_robust(episodes, model, bootstrap=bootstrap),
        "weighted doubly robust": weighted_doubly_robust(episodes, model, bootstrap=bootstrap),
    }


def with_both_models(log: TinyLog, logging: Floats, target: Floats) -> dict[str, Estimate]:
    """`estimates`, and with ", boredom only" in their names those of a model that misses the interest; no intervals."""
    episodes, blind = episodes_of(log, logging, target), crossed_model(log, target, BOREDOM_ONLY)
    return estimates(log, logging, target) | {
        "model, boredom only": model_only(blind, None),
        "doubly robust, boredom only": doubly_robust(episodes, blind, bootstrap=None),
    }


class Repeated(NamedTuple):
    """What an estimator said of many logs; (n_logs,) both."""

    values: Floats
    errors: Floats  # standard errors

    def off(self, truth: float) -> float:
        """Root mean square of how far from the truth it was."""
        return float(np.sqrt(((self.values - truth) ** 2).mean()))

    def held(self, truth: float) -> float:
        """In which share of the logs the truth was within 1.96 standard errors: 0.95 is what one hopes for."""
        return float((np.abs(self.values - truth) <= 1.96 * self.errors).mean())


def many_logs(logging: Floats, n_logs: int, n_sessions: int, steps: int, rng: np.random.Generator) -> list[TinyLog]:
    """Logs of the same policy, one after the other."""
    return [log_sessions(logging, n_sessions, steps, rng) for _ in range(n_logs)]


def repeated(judge: Judge, logs: Sequence[TinyLog], logging: Floats, target: Floats) -> dict[str, Repeated]:
    """What `judge`, one of the functions above, says of the target policy by each of the logs."""
    return _repeated([judge(log, logging, target) for log in logs])


def _repeated(rows: Sequence[Mapping[str, Estimate]]) -> dict[str, Repeated]:
    return {
        name: Repeated(np.array([row[name].value for row in rows]), np.array([row[name].error for row in rows]))
        for name in rows[0]
    }
