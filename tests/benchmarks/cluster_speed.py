"""Training by one process and by two, and the arithmetic of a cluster held against a small run; printed.

    python tests/benchmarks/cluster_speed.py [--write]

Needs ML-100K (DRR_DATA_HOME, or a network) and faiss (the extra `index`). A minute on two quiet processors. With --write
the figures go to book/results/cluster-speed.json, from which the page "Past one machine" has them. The workers are those that
Ray Train starts, with the same messages; here they are started without it. Processor seconds are a process's own: they say
what is computed when something else takes the processors, while wall seconds then say what was left of them. What a process sends
and holds is read from /proc, so it runs on Linux only.
"""

import ctypes
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as processes

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.cluster.averaging import message_bytes
from drr_tutorial.cluster.plan import Size, index_bytes, memory, scan_seconds, search_seconds, sent_bytes
from drr_tutorial.cluster.shards import Shard, cut
from drr_tutorial.cluster.training import whole_of
from drr_tutorial.cluster.worker import make_trainer
from drr_tutorial.config.presets import DEFAULT
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import rated_split
from drr_tutorial.provenance import particulars, peak_memory_mb
from drr_tutorial.recommenders.index import BUILD_WIDTH, NEIGHBOURS, SEARCH_WIDTH
from drr_tutorial.storage import read_json, write_json

RESULT = Path(__file__).parents[2] / "book" / "results" / "cluster-speed.json"
SEED = 0
CONFIG = replace(DEFAULT, training=replace(DEFAULT.training, evaluations=1))
USERS, ITEMS, LENGTH = 200_000, 20_000, 64  # of the invented vectors
SIZES = (1_250, 2_500, 5_000, 10_000)  # items of an index; the last is predicted from the others
LISTS, LONG = 500, 10  # searches that are timed, and how long a list is


def resident() -> int:
    """Bytes of data that this process holds, once what was freed is given back; libraries do not count."""
    ctypes.CDLL(None).malloc_trim(0)
    return 1024 * int(Path("/proc/self/status").read_text().partition("RssAnon:")[2].split()[0])


def written() -> int:
    """Bytes that this process has written so far, to sockets too."""
    return int(Path("/proc/self/io").read_text().partition("wchar:")[2].split()[0])


def worker(rank: int, folder: str, shards: list[Shard]) -> None:
    """Train on a shard; what it took, and what it held, into a file."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet{len(shards)}", rank=rank, world_size=len(shards))
    trainer = make_trainer(shards[rank], None)
    env, tables = trainer.env.env, (trainer.networks.users, trainer.networks.items)
    dist.barrier()
    wall, processor, before = time.perf_counter(), time.process_time(), written()
    trainer.run()
    found = {
        "seconds": time.perf_counter() - wall,
        "processor seconds": time.process_time() - processor,
        "sent bytes": written() - before,
        "updates": trainer.ddpg.n_updates,
        "steps": trainer.step,
        "weights": message_bytes(trainer.networks) // 4,
        "held": {
            "user vectors": tables[0].weight.numel() * 4,
            "item vectors": tables[1].weight.numel() * 4,
            "replay": trainer.replay._rows.nbytes,
            "users at play": sum(array.nbytes for array in (env.reward_of, env.available, env.penalty)),
        },
        "capacity": trainer.replay.capacity,
    }
    write_json(Path(folder) / f"{len(shards)}-{rank}.json", found)
    dist.destroy_process_group()


def scaling(train: Ratings) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of one and of two workers with the same total batch: seconds, and for two what was predicted and measured."""
    whole, found = whole_of(CONFIG, train), {}
    with TemporaryDirectory() as folder:
        for workers in (1, 2):
            processes.start_processes(worker, args=(folder, cut(whole, workers)), nprocs=workers, start_method="fork")
            found[workers] = [read_json(Path(folder) / f"{workers}-{rank}.json") for rank in range(workers)]
    rows = {str(workers): slowest(row) for workers, row in found.items()}
    first = found[2][0]
    size = Size(
        users=train.n_users, items=train.n_items, length=CONFIG.embedding.length, ratings=len(train) // train.n_users,
        memory=CONFIG.agent.memory_size, capacity=2 * first["capacity"], at_play=CONFIG.environment.num_envs,
        weights=first["weights"],
    )  # fmt: skip
    predicted = {part.name: part.bytes for part in memory(size, 2) if part.name in first["held"]}
    predicted["sent at an update"] = sent_bytes(size, 2)
    measured = first["held"] | {"sent at an update": first["sent bytes"] / first["updates"]}
    return rows, {name: {"predicted": predicted[name], "measured": measured[name]} for name in predicted}


def slowest(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Of all workers together: steps; of the slowest: seconds."""
    seconds = {name: max(row[name] for row in rows) for name in ("seconds", "processor seconds")}
    return seconds | {"steps": sum(row["steps"] for row in rows), "updates": rows[0]["updates"]}


def vectors(rank: int, folder: str, workers: int) -> None:
    """What a process grows by when it takes in its users' vectors, and all items'."""
    rng = np.random.default_rng(SEED)
    before = resident()
    tables = [rng.standard_normal((n, LENGTH), dtype=np.float32) for n in (USERS // workers, ITEMS)]
    networks = ActorCritic(DEFAULT.agent, *tables, torch.Generator().manual_seed(SEED))
    del tables
    write_json(Path(folder) / "vectors.json", {"bytes": resident() - before, "weights": message_bytes(networks) // 4})


def vectors_in(workers: int) -> dict[str, float]:
    """Predicted and measured bytes of vectors in one of so many workers."""
    with TemporaryDirectory() as folder:
        processes.start_processes(vectors, args=(folder, workers), nprocs=1, start_method="fork")
        measured = read_json(Path(folder) / "vectors.json")["bytes"]
    parts = memory(Size(USERS, ITEMS, LENGTH, 0, 5, 0, 0, 0), workers)
    predicted = sum(part.bytes for part in parts if part.name in ("user vectors", "item vectors"))
    return {"predicted": predicted, "measured": measured}


def index() -> dict[str, Any]:
    """Seconds of a search by an index and of scoring everything, by the number of items; the last ones predicted too."""
    import faiss

    faiss.omp_set_num_threads(1)
    rng, search, scan = np.random.default_rng(SEED), {}, {}
    everything = rng.standard_normal((max(SIZES), LENGTH), dtype=np.float32)
    queries = rng.standard_normal((LISTS, LENGTH), dtype=np.float32)
    for n in SIZES:
        graph = faiss.IndexHNSWFlat(LENGTH, NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction, graph.hnsw.efSearch = BUILD_WIDTH, SEARCH_WIDTH
        flat = faiss.IndexFlatIP(LENGTH)
        for made, seconds in ((graph, search), (flat, scan)):
            made.add(everything[:n])
            seconds[n] = per_list(made, queries)
    size, known = Size(0, max(SIZES), LENGTH, 0, 0, 0, 0, 0), SIZES[:-1]
    smaller = [{n: seconds[n] for n in known} for seconds in (search, scan)]
    return {
        "items": list(SIZES),
        "search": list(search.values()),
        "scan": list(scan.values()),
        "bytes": {"predicted": index_bytes(size), "measured": len(faiss.serialize_index(graph))},
        "search of the largest": {"predicted": search_seconds(smaller[0], max(SIZES)), "measured": search[max(SIZES)]},
        "scan of the largest": {"predicted": scan_seconds(smaller[1], max(SIZES)), "measured": scan[max(SIZES)]},
    }


def per_list(made: Any, queries: np.ndarray) -> float:
    """Median processor seconds of a list, one at a time."""
    times = []
    for query in queries:
        start = time.process_time()
        made.search(query[None], LONG)
        times.append(time.process_time() - start)
    return float(np.median(times))


def main() -> None:
    start, ratings = time.perf_counter(), load_ratings("ml-100k", progress=False)
    rows, parts = scaling(rated_split(ratings).train)
    parts["vectors, as the process grows"] = vectors_in(2)
    found = index()
    parts["index"] = found.pop("bytes")
    for name in ("search", "scan"):
        parts[f"seconds of a {name}"] = found.pop(f"{name} of the largest")
    for workers, row in rows.items():
        print(
            f"{workers} workers: {row['seconds']:.1f} s, {row['processor seconds']:.1f} s of a processor, {row['steps']} steps"
        )
    for name, pair in parts.items():
        print(f"{name:32} predicted {pair['predicted']:14,.6g} measured {pair['measured']:14,.6g}")
    if "--write" in sys.argv[1:]:
        about = particulars(
            "python tests/benchmarks/cluster_speed.py --write", data={"ml-100k": ratings.fingerprint()}, seeds=[SEED],
            seconds=time.perf_counter() - start, peak_memory_mb=peak_memory_mb(),
        )  # fmt: skip
        write_json(RESULT, about | {"workers": rows, "parts": parts, "index": found})


if __name__ == "__main__":
    main()
