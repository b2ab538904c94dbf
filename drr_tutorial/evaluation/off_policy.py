"""What a policy would earn, estimated from episodes that another policy played (chapter 11).

Needed of each logged step: the reward, the probability with which the logging policy chose its action, and the one
with which yours, the target policy, would have. n episodes of at most T steps are arrays (n, T) with `lengths` (n,);
what stands behind an episode's end is not looked at.

Sources: Precup, Sutton & Singh 2000 (by episode, by decision, weighted); Jiang & Li 2016 (doubly robust for
sequences, their recursion written out); Thomas & Brunskill 2016 (its weighted form); Kish 1965 (effective size).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.environment.inputs import check_counts

Floats = NDArray[np.float64]
ROUNDING = 1e-6  # by which a probability may be above 1, as 32 bits compute it


class LoggedEpisodes(NamedTuple):
    """n episodes of at most T steps; any array-likes."""

    rewards: ArrayLike  # (n, T)
    p_logging: ArrayLike  # (n, T): probability of the logged action under the policy that played
    p_target: ArrayLike  # (n, T): under the policy that is to be judged
    lengths: ArrayLike  # (n,): steps that were played, 1 to T


class ModelValues(NamedTuple):
    """What a model says the target policy earns from each logged step on, this step's reward counted whole; (n, T)."""

    q: ArrayLike  # after the logged action
    v: ArrayLike  # before an action is chosen: the mean of q over the target policy's actions


class Bootstrap(NamedTuple):
    """How an interval is drawn: episodes with replacement, and the quantiles of what the resamples give."""

    level: float = 0.95
    n_resamples: int = 1000
    seed: int = 0


class Estimate(NamedTuple):
    """A value per episode, with its standard error and its bootstrap interval; NaN bounds when none was asked for."""

    value: float
    error: float  # of a ratio: to first order
    low: float
    high: float


STANDARD = Bootstrap()


def importance_sampling(
    episodes: LoggedEpisodes, gamma: float = 1.0, bootstrap: Bootstrap | None = STANDARD
) -> Estimate:
    """Mean of every episode's return times the weight of the whole episode: unbiased, and the first to break down.

    Every estimator here raises `ValueError` for shapes that do not fit, fewer than 2 episodes, values that are not
    finite, probabilities outside 0 to 1, a logged action that the logging policy never takes, and gamma outside 0 to 1.
    `bootstrap=None` leaves the interval out.
    """
    log, discounts = _checked(episodes), _discounts(episodes, gamma)
    returns = (log.rewards * discounts).sum(axis=1)
    return _estimate(_Terms.plain(_weights(log)[:, -1] * returns), bootstrap)


def per_decision(episodes: LoggedEpisodes, gamma: float = 1.0, bootstrap: Bootstrap | None = STANDARD) -> Estimate:
    """Each reward times the weight of the steps up to it only: what comes later did not make it. Unbiased."""
    log, discounts = _checked(episodes), _discounts(episodes, gamma)
    return _estimate(_Terms.plain((_weights(log) * log.rewards * discounts).sum(axis=1)), bootstrap)


def weighted_per_decision(
    episodes: LoggedEpisodes, gamma: float = 1.0, bootstrap: Bootstrap | None = STANDARD
) -> Estimate:
    """The same with the weights of each step divided by their sum: a little biased, less with more episodes, and
    calmer. An episode that has ended keeps its last weight, and earns 0 from there on.

    Raises `ValueError` too when no logged episode could have been played by the target policy.
    """
    log, discounts = _checked(episodes), _discounts(episodes, gamma)
    weights = _weights(log)
    return _estimate(_Terms(weights * log.rewards * discounts, weights), bootstrap)


def doubly_robust(
    episodes: LoggedEpisodes, model: ModelValues, gamma: float = 1.0, bootstrap: Bootstrap | None = STANDARD
) -> Estimate:
    """A model's word, corrected by weight times what the model got wrong at each logged step.

    Unbiased for any model that has not seen these episodes; the better the model, the smaller the error. Raises
    `ValueError` as `importance_sampling` does, and for a model's values that are not finite or of another shape.
    """
    log, discounts = _checked(episodes), _discounts(episodes, gamma)
    q, v = _checked_model(model, log)
    weights = _weights(log)
    terms = weights * (log.rewards - q) + _before(weights) * v
    return _estimate(_Terms.plain((terms * discounts).sum(axis=1)), bootstrap)


def weighted_doubly_robust(
    episodes: LoggedEpisodes, model: ModelValues, gamma: float = 1.0, bootstrap: Bootstrap | None = STANDARD
) -> Estimate:
    """`doubly_robust` with the weights of each step divided by their sum, as in `weighted_per_decision`."""
    log, discounts = _checked(episodes), _discounts(episodes, gamma)
    q, v = _checked_model(model, log)
    weights = _weights(log)
    gains = [weights * (log.rewards - q) * discounts, _before(weights) * v * discounts]
    return _estimate(_Terms(np.hstack(gains), np.hstack([weights, _before(weights)])), bootstrap)


def model_only(model: ModelValues, bootstrap: Bootstrap | None = STANDARD) -> Estimate:
    """The model's word for the first step of each episode, not corrected by anything.

    Error and interval tell how much first states differ, not how wrong the model is: nothing here can tell that. Raises
    `ValueError` for values of another shape than (n, T), fewer than 2 episodes, and first values that are not finite.
    """
    v = numbers_of("v of the model", model.v)
    if v.ndim != 2 or len(v) < 2 or v.shape[1] < 1 or not np.isfinite(v[:, 0]).all():
        raise ValueError(f"v of the model must be finite, (episodes, steps), 2 episodes or more; got shape {v.shape}")
    return _estimate(_Terms.plain(v[:, 0]), bootstrap)


def episode_weights(episodes: LoggedEpisodes) -> Floats:
    """Weights (n, T): at step t the product, over the steps up to t, of the target policy's probability divided by the
    logging policy's. After the end of an episode its last weight stays. Raises `ValueError` for episodes as
    `importance_sampling` does, and when a weight is too large for a number.
    """
    return _weights(_checked(episodes))


def effective_size(weights: ArrayLike) -> Floats:
    """How many equally weighted episodes say as much: (sum of w)^2 / sum of w^2, over the first axis; 0 if all are 0.

    `weights` is (n,) or (n, T). Raises `ValueError` for none, and for weights that are negative or not finite.
    """
    given = np.asarray(weights, dtype=np.float64)
    if given.size == 0 or not (np.isfinite(given).all() and (given >= 0).all()):
        raise ValueError("weights must be finite numbers of at least 0, one or more")
    scaled = given / np.maximum(given.max(axis=0), np.finfo(np.float64).tiny)  # squares of huge ones would overflow
    squares = (scaled**2).sum(axis=0)
    return np.where(squares > 0, scaled.sum(axis=0) ** 2 / np.where(squares > 0, squares, 1), 0.0)


class _Log(NamedTuple):
    """Checked episodes as float arrays (n, T); behind an end the rewards are 0 and the probabilities 1."""

    rewards: Floats
    p_logging: Floats
    p_target: Floats
    lengths: NDArray[np.int64]


def _weights(log: _Log) -> Floats:
    ratios = log.p_target / log.p_logging
    with np.errstate(over="ignore", under="ignore"):
        weights = np.cumprod(ratios, axis=1, dtype=np.float64)
    possible = np.logical_and.accumulate(ratios > 0, axis=1)
    if not np.isfinite(weights).all() or (weights[possible] == 0).any():
        raise ValueError("episodes must be so short that their weights stay numbers, got some beyond all; shorten them")
    return weights


class _Terms(NamedTuple):
    """An estimate is the sum over columns of sum(gains) / sum(weights); both (n, K)."""

    gains: Floats
    weights: Floats

    @classmethod
    def plain(cls, values: Floats) -> "_Terms":
        """A mean over episodes of `values` (n,)."""
        return cls(values[:, None], np.ones((len(values), 1)))


def _estimate(terms: _Terms, bootstrap: Bootstrap | None) -> Estimate:
    means = terms.weights.mean(axis=0)
    if not (means > 0).all():
        raise ValueError(
            "episodes must hold one at least that the target policy could have played to its end; here all weights of "
            "a step are 0: the logs cannot say anything about this policy"
        )
    ratios = terms.gains.mean(axis=0) / means
    pulls = ((terms.gains - ratios * terms.weights) / means).sum(axis=1)  # of each episode on the estimate
    error = pulls.std(ddof=1) / np.sqrt(len(pulls))
    if not np.isfinite([ratios.sum(), error]).all():
        raise ValueError("rewards, weights and the model's values must be so small that their products stay numbers")
    return Estimate(float(ratios.sum()), float(error), *_interval(terms, bootstrap))


def _interval(terms: _Terms, bootstrap: Bootstrap | None) -> tuple[float, float]:
    """The draws are those of `drr_tutorial.evaluation.intervals.bootstrap_users`, which knows one column only."""
    if bootstrap is None:
        return np.nan, np.nan
    level, n_resamples, seed = bootstrap
    check_counts(n_resamples=n_resamples)
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    rng, n, found = np.random.default_rng(seed), len(terms.gains), np.empty(n_resamples)
    for part in np.array_split(np.arange(n_resamples), -(-n_resamples // 100)):
        drawn = rng.integers(n, size=(len(part), n)) + n * np.arange(len(part))[:, None]
        counts = np.bincount(drawn.ravel(), minlength=len(part) * n).reshape(len(part), n).astype(np.float64)
        weights = counts @ terms.weights
        unknown = np.full_like(weights, np.nan)  # a resample without weight says nothing
        ratios = np.divide(counts @ terms.gains, weights, out=unknown, where=weights > 0)
        found[part] = ratios.sum(axis=1)
    low, high = np.nanquantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _before(weights: Floats) -> Floats:
    """The weight before each step's own action, (n, T): 1 at the first."""
    return np.hstack([np.ones((len(weights), 1)), weights[:, :-1]])


def _discounts(episodes: LoggedEpisodes, gamma: float) -> Floats:
    check_gamma(gamma)
    return np.power(float(gamma), np.arange(np.shape(episodes.rewards)[1])).astype(np.float64)


def check_gamma(gamma: float) -> None:
    """Raises `ValueError` for anything but a number from 0 to 1."""
    if not isinstance(gamma, int | float | np.number) or not 0 <= gamma <= 1:
        raise ValueError(f"gamma must be a number from 0 to 1, got {gamma!r}")


def numbers_of(name: str, table: ArrayLike) -> Floats:
    """A copy as floats. Raises `ValueError` for what holds no real numbers."""
    try:
        found = np.asarray(table)
    except ValueError as error:
        raise ValueError(f"{name} must be a table of numbers, with rows of one length") from error
    if found.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, got {found.dtype}")
    return found.astype(np.float64)


def _checked(episodes: LoggedEpisodes) -> _Log:
    rewards, p_logging, p_target = map(numbers_of, ("rewards", "p_logging", "p_target"), episodes[:3])
    lengths = np.asarray(episodes.lengths)
    _check_shapes(rewards, p_logging, p_target, lengths)
    behind = np.arange(rewards.shape[1]) >= lengths[:, None]
    rewards[behind], p_logging[behind], p_target[behind] = 0, 1, 1
    for name, table in {"rewards": rewards, "p_logging": p_logging, "p_target": p_target}.items():
        if not np.isfinite(table).all():
            raise ValueError(f"{name} must be finite in all steps that were played; found NaN or infinity")
    for name, table in {"p_logging": p_logging, "p_target": p_target}.items():
        if table.min() < 0 or table.max() > 1 + ROUNDING:
            raise ValueError(f"{name} must be probabilities from 0 to 1, got {table.min()} to {table.max()}")
    if p_logging.min() == 0:
        raise ValueError(
            f"p_logging must be above 0 for what was logged, but is 0 in {(p_logging == 0).sum()} steps; it is the "
            "probability of the logged action under the policy that played"
        )
    return _Log(rewards, p_logging, p_target, lengths.astype(np.int64))


def _check_shapes(rewards: Floats, p_logging: Floats, p_target: Floats, lengths: NDArray[np.generic]) -> None:
    if rewards.ndim != 2 or len(rewards) < 2 or rewards.shape[1] < 1:
        raise ValueError(f"rewards must have shape (episodes, steps), 2 episodes or more, got {rewards.shape}")
    for name, table in {"p_logging": p_logging, "p_target": p_target}.items():
        if table.shape != rewards.shape:
            raise ValueError(f"{name} must have the shape of rewards, {rewards.shape}, got {table.shape}")
    if lengths.shape != (len(rewards),) or lengths.dtype.kind not in "iu":
        raise ValueError(f"lengths must be {len(rewards)} whole numbers, got {lengths.dtype} {lengths.shape}")
    if lengths.min() < 1 or lengths.max() > rewards.shape[1]:
        raise ValueError(f"lengths must be from 1 to {rewards.shape[1]}, got {lengths.min()} to {lengths.max()}")


def _checked_model(model: ModelValues, log: _Log) -> tuple[Floats, Floats]:
    behind = np.arange(log.rewards.shape[1]) >= log.lengths[:, None]
    q, v = map(numbers_of, ("q of the model", "v of the model"), model)
    for name, table in {"q": q, "v": v}.items():
        if table.shape != log.rewards.shape:
            raise ValueError(
                f"{name} of the model must have the shape of rewards, {log.rewards.shape}, got {table.shape}"
            )
        table[behind] = 0  # nothing comes after the end
        if not np.isfinite(table).all():
            raise ValueError(f"{name} of the model must be finite in all steps that were played")
    return q, v
