"""Two nodes of a cluster on one machine, once for all tests here."""

from collections.abc import Iterator

import pytest

SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


@pytest.fixture(scope="session")
def two_nodes() -> Iterator[object]:
    """`ray.cluster_utils.Cluster` with two nodes of one CPU each, to which nobody is connected."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        cluster.add_node(num_cpus=1)
        yield cluster
        cluster.shutdown()


@pytest.fixture(scope="session")
def address(two_nodes: object) -> str:
    """Of the two nodes."""
    return str(two_nodes.address)  # type: ignore[attr-defined]
