"""Ends a process of a cluster, as the system does with one that takes too much memory."""

import os
import signal
import threading
import time
from pathlib import Path

from tests.cluster.conftest import TwoNodes

PATIENCE = 120.0


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
    """Waits for a worker whose title holds a name, and kills it once."""

    def __init__(self, nodes: TwoNodes, name: str) -> None:
        super().__init__(daemon=True)
        self.nodes, self.title, self.killed = nodes, name, 0

    def run(self) -> None:
        end = time.monotonic() + PATIENCE
        while not self.killed and time.monotonic() < end:
            for process in workers(self.nodes, self.title)[:1]:
                os.kill(process, signal.SIGKILL)
                self.killed = process
            time.sleep(0.02)
