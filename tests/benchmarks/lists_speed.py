"""Speed of lists for everybody on ML-1M: 6,040 users, ten items each, of iALS and of EASE.

    DRR_DATA_HOME=... python tests/benchmarks/lists_speed.py

`write_lists` into a CSV and a Parquet file, beside what one would write without it: a loop over users that scores one,
sorts all items, and appends to a list. The loop runs over every tenth user. Prints lists a second, and checks that the
three files hold the same items.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from drr_tutorial.data.load import load_ratings
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import EASERecommender, IALSRecommender

K, EVERY = 10, 10


def naive(agent: Recommender, path: Path) -> int:
    """Lists of every tenth user, one after the other, into a CSV file; how many."""
    ratings, rows = agent.ratings, []
    users = ratings.user_ids[::EVERY].tolist()
    for user in users:
        scores = agent.scores([user])[0]
        seen = set(ratings.items[ratings.users == ratings.user_index(user)[0]].tolist())
        ranked = [item for item in np.argsort(-scores, kind="stable").tolist() if item not in seen][:K]
        for rank, item in enumerate(ranked, 1):
            rows.append((user, rank, ratings.item_ids[item], ratings.titles[item], scores[item]))
    pd.DataFrame(rows, columns=["user_id", "rank", "item_id", "title", "score"]).to_csv(path, index=False)
    return len(users)


def main() -> None:
    """Print the table."""
    ratings = load_ratings("ml-1m", progress=False)
    print(f"{'':12} {'users':>7} {'seconds':>8} {'lists/s':>9}")
    for agent in (IALSRecommender(n_iterations=3).fit(ratings), EASERecommender().fit(ratings)):
        with tempfile.TemporaryDirectory() as folder:
            found = {}
            for form in ("csv", "parquet", "naive"):
                path, start = Path(folder) / f"{form}.{form.replace('naive', 'csv')}", time.perf_counter()
                users = naive(agent, path) if form == "naive" else agent.write_lists(path, k=K, progress=False).users
                seconds = time.perf_counter() - start
                print(f"{agent.label:4} {form:7} {users:7,} {seconds:8.2f} {users / seconds:9,.0f}", flush=True)
                table = pd.read_parquet(path) if form == "parquet" else pd.read_csv(path)
                found[form] = table[table["user_id"].isin(ratings.user_ids[::EVERY])]["item_id"].tolist()
        same = np.mean(np.array(found["csv"]) == np.array(found["naive"]))
        assert found["csv"] == found["parquet"]
        assert same > 0.999, same  # equal scores, and those that rounding orders, may change places


if __name__ == "__main__":
    main()
