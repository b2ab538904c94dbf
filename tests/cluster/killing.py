"""Ends a process of a cluster, as the system does with one that takes too much memory."""

import os
import signal
import threading
from pathlib import Path
from typing import Self

from tests.cluster.conftest import TwoNodes


def raylets(nodes: TwoNodes) -> set[int]:
    """Process ids of what starts the workers of each node."""
    return {info.process.pid for node in nodes.cluster.list_all_nodes() for info in node.all_processes["raylet"]}


def workers(nodes: TwoNodes, name: str) -> list[int]:
    """Process ids of workers whose title holds a name."""
    mothers, found = raylets(nodes), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            title, stat = (process / "cmdline").read_bytes(), (process / "stat").read_text()
        except OSError:  # gone meanwhile
            continue
        if name.encode() in title and int(stat.rpartition(")")[2].split()[1]) in mothers:
            found.append(int(process.name))
    return found


class KillOne(threading.Thread):
    """Within it, the first worker whose title holds a name is killed; `killed` is its process id, 0 for none."""

    def __init__(self, nodes: TwoNodes, name: str) -> None:
        super().__init__(daemon=True)
        self.nodes, self.title, self.killed = nodes, name, 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.killed and not self.over.wait(0.02):
            for process in workers(self.nodes, self.title)[:1]:
                os.kill(process, signal.SIGKILL)
                self.killed = process

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()
