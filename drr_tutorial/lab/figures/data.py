"""Figures of the data (chapter 1): who rates what, the long tail, likes a user, time; and the numbers that they draw.

Each takes `Ratings` and counts all rows given: pass `ratings.positives()` to count likes. Numbers of users and items
are those with at least one row.
"""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from numpy.typing import NDArray

from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

LIKED = 3.0  # a rating above this counts as liked
HOUR, WEEK = 3600.0, 604_800  # seconds


def counts_per_item(ratings: Ratings) -> Counts:
    """Rows of each item that has any, most first: (n_items with a row,)."""
    counts = np.bincount(ratings.items, minlength=ratings.n_items)
    return np.sort(counts[counts > 0])[::-1]


def counts_per_user(ratings: Ratings) -> Counts:
    """Rows of each user who has any, most first: (n_users with a row,)."""
    counts = np.bincount(ratings.users, minlength=ratings.n_users)
    return np.sort(counts[counts > 0])[::-1]


def head_size(counts: Counts, share: float) -> int:
    """How many of the largest counts together hold at least `share` (0 to 1) of their sum."""
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share}")
    held = np.cumsum(np.sort(counts)[::-1])
    return int(np.searchsorted(held, share * held[-1])) + 1


def hours_active(ratings: Ratings) -> Floats:
    """Hours from the first to the last rating of each user who has any, in the order of `user_ids`."""
    times = _times(ratings)
    order = np.lexsort((times, ratings.users))
    users, times = ratings.users[order], times[order]
    is_first = np.append(True, users[1:] != users[:-1])
    is_last = np.append(users[1:] != users[:-1], True)
    return np.asarray((times[is_last] - times[is_first]) / HOUR)


def share_in_same_second(ratings: Ratings) -> float:
    """Share of ratings that their user gave in the same second as another one."""
    pairs = np.stack([ratings.users, _times(ratings)])
    _, index, counts = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
    return float((counts[index] > 1).mean())


def share_liked_after(ratings: Ratings, window: int = 5, rng: np.random.Generator | None = None) -> Floats:
    """Share of ratings above 3 after 0, 1, .., `window` likes among the user's latest `window` ratings: (window + 1,).

    Ratings of the same second keep the file's order. With `rng`, each user's ratings are put in random order instead:
    what is left then comes from who rates, not from when. NaN where no rating has such a past.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}; give how many earlier ratings to look at")
    key = _times(ratings).astype(np.float64) if rng is None else rng.random(len(ratings))
    order = np.lexsort((key, ratings.users))
    users, liked = ratings.users[order], ratings.ratings[order] > LIKED
    before = np.append(0, np.cumsum(liked))
    now = np.flatnonzero(users[window:] == users[:-window]) + window  # ratings with a whole window before them
    n_liked = before[now] - before[now - window]
    totals = np.bincount(n_liked, minlength=window + 1).astype(np.float64)
    totals[totals == 0] = np.nan
    return np.asarray(np.bincount(n_liked, weights=liked[now], minlength=window + 1) / totals)


def rating_counts(ratings: Ratings) -> Figure:
    """A bar for each rating that occurs: how often; those above 3, the likes, in another colour."""
    figure = new_figure(2.8)
    axes = figure.subplots()
    values, counts = np.unique(ratings.ratings, return_counts=True)
    for colour, label, chosen in (
        (COLOURS[5], "3 or less: not liked", values <= LIKED),
        (COLOURS[0], "above 3: liked", values > LIKED),
    ):
        axes.bar(values[chosen], counts[chosen], width=0.7, color=colour, label=label)
    axes.set_xticks(values)
    axes.set_xlabel("stars")
    axes.set_ylabel("ratings")
    axes.legend(frameon=False, labelcolor=TEXT)
    grey(axes)
    return figure


def who_rates_what(ratings: Ratings, bins: int = 40) -> Figure:
    """Share of all (user, item) pairs that are rated, in `bins` x `bins` blocks: most active users at the top, most
    rated items at the left.
    """
    n_users, n_items = len(counts_per_user(ratings)), len(counts_per_item(ratings))
    user_rank = _ranks(ratings.users, ratings.n_users)
    item_rank = _ranks(ratings.items, ratings.n_items)
    edges = np.linspace(0, n_users, bins + 1), np.linspace(0, n_items, bins + 1)
    counts, _, _ = np.histogram2d(user_rank + 0.5, item_rank + 0.5, bins=edges)
    pairs = np.outer(*(np.diff([np.ceil(edge - 0.5) for edge in axis]) for axis in edges))
    share = np.divide(counts, pairs, out=np.zeros_like(counts), where=pairs > 0)
    figure = new_figure(3.8)
    axes = figure.subplots()
    colours = LinearSegmentedColormap.from_list("ground to blue", [to_rgba(COLOURS[0], 0), to_rgba(COLOURS[0])])
    image = axes.imshow(
        share, cmap=colours, vmin=0, aspect="auto", extent=(0, n_items, n_users, 0), interpolation="nearest"
    )
    axes.set_xlabel("films, most rated first")
    axes.set_ylabel("users, most active first")
    bar = figure.colorbar(image, ax=axes)
    bar.set_label("share of pairs that are rated")
    bar.outline.set_visible(False)  # type: ignore[operator]
    grey(bar.ax)
    grey(axes)
    return figure


def long_tail(likes: Ratings, share: float = 0.8) -> Figure:
    """Rows of each item, most first, and below the share of all rows that the first so many items hold; the
    head that holds `share` is coloured.
    """
    counts = counts_per_item(likes)
    head = head_size(counts, share)
    ranks = np.arange(1, len(counts) + 1)
    figure = new_figure(4.6)
    each, together = figure.subplots(2, 1, sharex=True)
    each.fill_between(ranks[:head], counts[:head], color=COLOURS[0], linewidth=0)
    each.fill_between(ranks[head - 1 :], counts[head - 1 :], color=COLOURS[1], linewidth=0)
    each.set_ylabel("likes of the film")
    together.plot(ranks, np.cumsum(counts) / counts.sum(), color=COLOURS[0], linewidth=2)
    together.plot([head, head, 0], [0, share, share], color=COLOURS[1], linestyle="--", linewidth=1.2)
    together.set_ylabel("share of all likes")
    for axes in (each, together):
        axes.set_xlim(0, len(counts))
        axes.set_ylim(0)
        grey(axes)
    together.set_xlabel("films, most liked first")
    return figure


def likes_per_user(likes: Ratings, bins: int = 25) -> Figure:
    """Histogram, on a logarithmic scale, of how many rows each user has; the median is a dashed line."""
    counts = counts_per_user(likes)
    figure = new_figure(2.8)
    axes = figure.subplots()
    # edges between whole numbers, so that no bin is empty for want of a whole number in it
    edges = np.unique(np.round(np.geomspace(counts.min(), counts.max() + 1, bins + 1))) - 0.5
    axes.hist(counts, bins=edges.tolist(), color=COLOURS[0])
    axes.axvline(float(np.median(counts)), color=COLOURS[1], linestyle="--", label="median")
    axes.set_xscale("log")
    axes.set_xticks([tick for tick in (1, 3, 10, 30, 100, 300, 1000, 3000) if counts.min() <= tick <= counts.max()])
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.set_xlabel("likes of the user")
    axes.set_ylabel("users")
    axes.legend(frameon=False, labelcolor=TEXT)
    grey(axes)
    return figure


def ratings_in_time(ratings: Ratings) -> Figure:
    """Ratings in each week since the first one, and below how many users are active for how long (logarithmic)."""
    times = _times(ratings)
    figure = new_figure(4.8)
    weeks, spans = figure.subplots(2, 1)
    per_week = np.bincount((times - times.min()) // WEEK)
    weeks.bar(np.arange(len(per_week)), per_week, color=COLOURS[0], width=0.9)
    weeks.set_xlabel("week")
    weeks.set_ylabel("ratings")
    hours = np.maximum(hours_active(ratings), 1 / 60)
    spans.hist(hours, bins=np.geomspace(1 / 60, max(hours.max(), 1.0) * 1.001, 30).tolist(), color=COLOURS[0])
    spans.set_xscale("log")
    ticks = {1 / 60: "1 min", 1.0: "1 h", 24.0: "1 day", 720.0: "1 month"}
    shown = {at: text for at, text in ticks.items() if at <= max(hours.max(), 1.0)}
    spans.set_xticks(list(shown), list(shown.values()), fontsize=9)
    spans.minorticks_off()
    spans.set_xlabel("from a user's first to last rating")
    spans.set_ylabel("users")
    for axes in (weeks, spans):
        grey(axes)
    return figure


def after_likes(recorded: Floats, shuffled: Floats) -> Figure:
    """`share_liked_after` of the recorded order and of a shuffled one, both (window + 1,), as two lines."""
    figure = new_figure(2.8)
    axes = figure.subplots()
    past = np.arange(len(recorded))
    axes.plot(past, recorded, color=COLOURS[0], marker="o", label="in recorded order")
    axes.plot(past, shuffled, color=COLOURS[1], marker="s", linestyle="--", label="each user shuffled")
    axes.set_xticks(past)
    axes.set_ylim(0, 1)
    axes.set_xlabel(f"likes among the latest {len(recorded) - 1} ratings")
    axes.set_ylabel("share liked next")
    axes.legend(frameon=False, labelcolor=TEXT)
    grey(axes)
    return figure


def _ranks(members: NDArray[np.int32], n: int) -> Counts:
    """For each row: the place of its member (0 = most rows) among all n."""
    order = np.argsort(-np.bincount(members, minlength=n), kind="stable")
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    return place[members]


def _times(ratings: Ratings) -> Counts:
    if ratings.timestamps is None:
        raise DataError(f"{ratings.name} has no timestamps; give ratings with times, such as ml-100k")
    return ratings.timestamps
