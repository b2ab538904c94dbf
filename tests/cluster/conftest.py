"""Two nodes of a cluster on one machine, for all tests here, gone before those of other folders: even idle ones take time."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drr_tutorial.cluster.connect import SETTINGS

ATTEMPTS = 5  # Ray waits for the processes of a node for 30 seconds, which a busy machine may not make
PATIENT = {
    "RAY_worker_register_timeout_seconds": "600",
    "RAY_worker_niceness": "0",
    "RAY_health_check_timeout_ms": "120000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_failure_threshold": "10",
}
"""A busy machine is no dead node: it may take two minutes to answer. One that is gone refuses at once."""
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


@pytest.fixture(scope="package")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoNodes]:
    """Nodes that a test adds it removes."""
    pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (SETTINGS | PATIENT).items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(quick(tmp_path_factory)), os.environ.get("PYTHONPATH", "")]))
        nodes = TwoNodes()
        yield nodes
        nodes.cluster.shutdown()


def quick(factory: pytest.TempPathFactory) -> Path:
    """A folder for the path of Ray's many processes, in which they find no `rfc3987_syntax`.

    It comes with Jupyter, jsonschema does without it, and whoever imports Ray would wait two seconds for its grammar.
    """
    folder = factory.mktemp("quick")
    (folder / "rfc3987_syntax.py").write_text("raise ImportError('left out')\n")
    return folder


@pytest.fixture(scope="package")
def address(two_nodes: TwoNodes) -> str:
    """Of the two nodes."""
    return two_nodes.address
