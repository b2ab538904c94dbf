"""A cluster is checked before any work: its address, that it is there, and that its nodes run the code of here."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from drr_tutorial.cluster import connect as module
from drr_tutorial.cluster.connect import about_this_node, connect, differences, require_address
from drr_tutorial.errors import ClusterError
from tests.cluster.conftest import TwoNodes

NO_ADDRESS = [
    "",
    "nowhere",
    "ray://head:10001",
    "10.0.0.1:",
    "10.0.0.1:port",
    "h:99999",
    "http://h:1",
    "a b:1",
    ":6379",
]
NO_HOST = ["h:1#a", "h:1/", "h:1?", "me@h:1", "@h:1", "a..b:1", f"{'a' * 64}:1", "h:1\n", "[::1:1"]


@pytest.mark.parametrize("address", [*NO_ADDRESS, *NO_HOST])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match=r"cluster must be local or HOST:PORT, got .*such as 10"):
        require_address(address)


def test_addresses() -> None:
    assert require_address("10.0.0.1:6379") == ("10.0.0.1", 6379)
    assert require_address("[::1]:6379") == ("::1", 6379)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"pip install 'drr_tutorial\[cluster\]'"), connect("local"):
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Something listens here, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_cluster_that_is_not_there() -> None:
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    start = time.monotonic()
    with pytest.raises(ClusterError, match=rf"no cluster answers at 127.0.0.1:{free} \(.*refused"):
        connect(f"127.0.0.1:{free}").__enter__()
    with pytest.raises(ClusterError, match=r"no cluster answers at nowhere.invalid:6379 \("):
        connect("nowhere.invalid:6379").__enter__()
    assert time.monotonic() - start < module.ANSWER_SECONDS


def test_another_server_is_no_cluster(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr(module, "ANSWER_SECONDS", 1.0)
    with pytest.raises(ClusterError, match="what listens there is not the head of a Ray cluster"):
        connect(f"127.0.0.1:{port}").__enter__()


def answering(code: str | None) -> Any:
    """A server that answers Ray's first question, with an error unless `code` is None; where it is, too."""
    grpc = pytest.importorskip("grpc")

    def answer(request: bytes, context: Any) -> bytes:
        if code is not None:
            context.abort(grpc.StatusCode[code], "no")
        return b""

    server = grpc.server(ThreadPoolExecutor(1))
    service, _, method = module.QUESTION.removeprefix("/").partition("/")
    handlers = {method: grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"


@pytest.mark.parametrize(("code", "asks"), [(None, False), ("UNAUTHENTICATED", True)])
def test_a_cluster_may_ask_for_a_token(code: str | None, asks: bool) -> None:
    server, address = answering(code)
    try:
        assert module._asks_for_token(address) is asks
    finally:
        server.stop(None)


def test_another_server_of_grpc_is_no_cluster() -> None:
    server, address = answering("UNIMPLEMENTED")
    try:
        with pytest.raises(ClusterError, match="what listens there is not the head of a Ray cluster"):
            module._asks_for_token(address)
    finally:
        server.stop(None)


def test_ray_is_told_of_tokens_and_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    raylet = pytest.importorskip("ray._raylet")
    monkeypatch.delenv(module.TOKENS, raising=False)
    with module._tokens(True):
        assert raylet.get_authentication_mode() == raylet.AuthenticationMode.TOKEN
    assert module.TOKENS not in os.environ
    with module._tokens(False):
        assert raylet.get_authentication_mode() == raylet.AuthenticationMode.DISABLED
    monkeypatch.setenv(module.TOKENS, "disabled")
    with module._tokens(True):
        assert os.environ[module.TOKENS] == "disabled", "what the user has set stays"


@pytest.mark.parametrize(
    ("address", "mode", "advice"),
    [
        ("local", "token", "try again when this machine is less busy"),
        ("head:1", "token", "copy ~/.ray/auth_token here from the machine on which ray start --head ran"),
        ("head:1", "disabled", "look at ray status on a machine of the cluster"),
    ],
)
def test_what_cannot_start_says_what_to_do(
    address: str, mode: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(module.TOKENS, mode)
    assert advice in module._advice(address)


def test_two_nodes(address: str) -> None:
    import ray

    with connect(address) as cluster:
        assert cluster == (address, 2, 2)
        assert ray.is_initialized()
    assert not ray.is_initialized()


def test_a_node_that_died_just_now_is_none(two_nodes: TwoNodes) -> None:
    """A cluster notices it after some seconds, and lists it until then."""
    node = two_nodes.add_node(num_cpus=1)
    two_nodes.cluster.remove_node(node, allow_graceful=False)
    with connect(two_nodes.address) as cluster:
        assert cluster.nodes == 2


OTHER_VERSION = """
import importlib.metadata as metadata
version = metadata.version
metadata.version = lambda name: "0.0.1" if name == "drr_tutorial" else version(name)
"""
NO_PACKAGE = """
import sys
sys.modules["drr_tutorial"] = None
"""


@pytest.mark.parametrize(
    ("start", "text"),
    [
        (OTHER_VERSION, r"has other versions than this machine: drr_tutorial 0.0.1 \(here .*install drr_tutorial"),
        (NO_PACKAGE, r"cannot work with drr_tutorial \(.*drr_tutorial.*\); install drr_tutorial .* on every node"),
    ],
)
def test_a_node_that_differs(two_nodes: TwoNodes, tmp_path: Path, start: str, text: str) -> None:
    """Its processes begin with a module of their own, as Python's `sitecustomize`."""
    (tmp_path / "sitecustomize.py").write_text(start)
    node = two_nodes.add_node(num_cpus=1, env_vars={"PYTHONPATH": str(tmp_path)})
    try:
        with pytest.raises(ClusterError, match=rf"node \S+:\d+ {text}"):
            connect(two_nodes.address).__enter__()
    finally:
        two_nodes.cluster.remove_node(node)


def test_what_differs() -> None:
    here = {"python": "3.12.1", "ray": "2.60.0", "drr_tutorial": "0.1.0", "code": "a"}
    assert differences(here, dict(here)) == ""
    assert differences(here, here | {"python": "3.11.9", "code": "b"}) == "python 3.11.9 (here 3.12.1)"
    assert differences(here, here | {"ray": "2.50.0"}) == "ray 2.50.0 (here 2.60.0)"
    assert differences(here, here | {"code": "b"}) == "drr_tutorial 0.1.0 with other code"
    assert differences(here, {}).startswith("python missing (here 3.12.1), ")


def test_the_code_is_told_by_what_lies_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("one = 1")
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    digests = []
    for change in ("a.py", "b.py"):
        module.package_digest.cache_clear()
        digests.append(module.package_digest())
        (tmp_path / change).write_text("two = 2")
    module.package_digest.cache_clear()
    digests.append(module.package_digest())
    monkeypatch.undo()
    module.package_digest.cache_clear()
    assert len(set(digests)) == 3
    pytest.importorskip("ray")
    assert {"python", "drr_tutorial", "torch", "ray", "code"} <= about_this_node().keys()
