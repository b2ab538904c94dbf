"""Two nodes of a cluster on one machine, once for all tests here."""

from collections.abc import Iterator
from typing import Any

import pytest

from drr_tutorial.cluster.connect import SETTINGS

ATTEMPTS = 5  # Ray waits for the processes of a node for 30 seconds, which a busy machine may not make
LIGHT: dict[str, Any] = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}


class TwoNodes:
    """`ray.cluster_utils.Cluster` with two nodes of one CPU each, to which nobody is connected."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self.cluster = Cluster()
        self.add_node()
        self.add_node()
        self.address = str(self.cluster.address)

    def add_node(self, num_cpus: int = 1, **options: Any) -> Any:
        for attempt in range(ATTEMPTS):
            try:
                return self.cluster.add_node(num_cpus=num_cpus, **options, **LIGHT)
            except Exception:
                if attempt + 1 == ATTEMPTS:
                    raise
        raise AssertionError


@pytest.fixture(scope="session")
def two_nodes() -> Iterator[TwoNodes]:
    """Nodes that a test adds it removes."""
    pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        nodes = TwoNodes()
        yield nodes
        nodes.cluster.shutdown()


@pytest.fixture(scope="session")
def address(two_nodes: TwoNodes) -> str:
    """Of the two nodes."""
    return two_nodes.address
