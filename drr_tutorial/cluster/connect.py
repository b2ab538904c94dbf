"""Where work past one machine runs: a Ray cluster, started here or found at an address.

`connect` makes sure, before any work starts, that somebody answers and that every node runs the code of here with the
same libraries: figures of two versions side by side would not be the figures of either. Ray tells nobody of its use,
and shows no dashboard. Whoever reaches a cluster's ports can run code on it, so keep them within a trusted network.
"""

import hashlib
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from drr_tutorial.errors import ClusterError
from drr_tutorial.provenance import PACKAGE, versions

LOCAL = "local"
ANSWER_SECONDS = 10.0  # in which a cluster must answer
QUESTION = "/ray.rpc.NodeInfoGcsService/GetClusterId"  # which every head of a cluster answers, or says it needs a token
START_ATTEMPTS = 3  # on this machine: Ray waits for its own processes for 30 seconds, which a busy one may not make
NODE_SECONDS = 120.0  # in which each node must have started a process, busy as it may be
SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
CODE = "code"
TOKENS = "RAY_AUTH_MODE"  # by which Ray knows whether a cluster asks for a token, which lies in ~/.ray/auth_token


class Cluster(NamedTuple):
    """What there is to work with."""

    address: str
    """As it was given."""
    nodes: int
    """Machines, or what stands for them."""
    cpus: int
    """Processes that can run at once, over all nodes."""


@contextmanager
def connect(address: str) -> Iterator[Cluster]:
    """Within it, Ray's functions work on this cluster.

    `address`: "local" starts Ray on this machine, and stops it at the end; HOST:PORT is a running cluster to which this
    machine belongs. Raises `ImportError` without the extra,
    `ValueError` for what is no address, `ClusterError` where nobody answers within ten seconds and where a node has
    other versions or other code than this machine. A cluster that asks for a token gets that of this machine.
    """
    require_address(address)
    ray = require_ray()
    with _settings(), _tokens(None if address == LOCAL else _asks_for_token(address)):
        try:
            _start(ray, address)
            _require_equal_nodes()
            nodes = _alive(ray)
            yield Cluster(address, len(nodes), int(sum(node["Resources"].get("CPU", 0) for node in nodes)))
        finally:
            ray.shutdown()


def require_ray() -> ModuleType:
    """The module `ray`. Raises `ImportError` that says what to install."""
    try:
        import ray  # 200 MB, and slow to import
    except ImportError as error:
        raise ImportError(
            f"work on a cluster needs the package ray ({error}); install it with: pip install 'drr_tutorial[cluster]'"
        ) from error
    return ray  # type: ignore[no-any-return]


def require_address(address: str) -> tuple[str, int]:
    """Host and port of a cluster, an empty host for "local". Raises `ValueError` for what is no address."""
    if address == LOCAL:
        return "", 0
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")  # as it is looked up: no label is empty or too long
    except ValueError:  # or a port that is no number, or too large
        host = port = None
    if not host or not port or parts.netloc != address or "@" in address or " " in address:
        raise ValueError(
            f"cluster must be {LOCAL} or HOST:PORT, got {address!r}; such as 10.0.0.1:6379, the address that "
            "ray start --head prints, on a machine of the cluster"
        )
    return host, port


def _asks_for_token(address: str) -> bool:
    """Whether the cluster talks only to who has its token. `ClusterError` unless Ray answers soon."""
    import grpc  # comes with tensorboard

    host, port = require_address(address)
    channel = grpc.insecure_channel(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    try:
        socket.create_connection((host, port), timeout=ANSWER_SECONDS).close()
        channel.unary_unary(QUESTION)(b"", timeout=ANSWER_SECONDS)
        return False
    except OSError as error:
        raise ClusterError(_nobody(address, error.strerror or str(error))) from error
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.UNAUTHENTICATED:
            return True
        raise ClusterError(_nobody(address, "what listens there is not the head of a Ray cluster")) from error
    finally:
        channel.close()


def _nobody(address: str, reason: str) -> str:
    return (
        f"no cluster answers at {address} ({reason}); start one with: ray start --head, or give the address that it "
        f"prints, or {LOCAL}"
    )


@contextmanager
def _settings() -> Iterator[None]:
    """`SETTINGS`, for a while, where nothing else is set: Ray reads them when it starts."""
    new = [name for name in SETTINGS if name not in os.environ]
    os.environ.update({name: SETTINGS[name] for name in new})
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


@contextmanager
def _tokens(asked: bool | None) -> Iterator[None]:
    """With the token of this machine or without, for a while, unless the user has set that; None: as Ray likes.

    Ray never looks whether a cluster at an address asks for one: two that differ in this understand nothing. It reads
    the variable when it is imported, and again when it is told to.
    """
    from ray._raylet import Config  # type: ignore[attr-defined]

    before = os.environ.get(TOKENS)
    if before is None and asked is not None:
        os.environ[TOKENS] = "token" if asked else "disabled"
        Config.initialize("")
    try:
        yield
    finally:
        if before is None and TOKENS in os.environ:
            del os.environ[TOKENS]
            Config.initialize("")


def _start(ray: ModuleType, address: str) -> None:
    """Raises `ClusterError`."""
    options: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {}
    for attempt in range(START_ATTEMPTS if address == LOCAL else 1):
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", **options)
            return
        except Exception as error:  # Ray raises whatever it comes across
            ray.shutdown()
            if attempt + 1 == START_ATTEMPTS or address != LOCAL:
                reason = " ".join(str(error).split()).rstrip(".")
                raise ClusterError(f"cannot work on the cluster {address}: {reason}; {_advice(address)}") from error


def _advice(address: str) -> str:
    if address == LOCAL:
        return "Ray waits half a minute for its own processes, so try again when this machine is less busy"
    if os.environ.get(TOKENS) == "token":
        return "it asks for a token: copy ~/.ray/auth_token here from the machine on which ray start --head ran"
    return "look at ray status on a machine of the cluster, to which this one must belong, too"


def _alive(ray: ModuleType) -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]


def on_every_node(function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    """What a function of a module returns on each node of the connected cluster, by the node's address and port.

    Raises `ClusterError` for a node on which it fails, or does not begin within two minutes.
    """
    ray = require_ray()
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(num_cpus=0)(function)
    names = {node["NodeID"]: f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}" for node in _alive(ray)}
    asked = {
        node: ask.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(*arguments)
        for node in names
    }
    found = {}
    for node, answer in asked.items():
        try:
            found[names[node]] = ray.get(answer, timeout=NODE_SECONDS)
        except ray.exceptions.RayError as error:
            if node not in [other["NodeID"] for other in _alive(ray)]:
                continue  # it had died, and its cluster has noticed only now
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
            raise ClusterError(f"node {names[node]} cannot work with drr_tutorial ({reason}); {_install()}") from error
    return found


def _require_equal_nodes() -> None:
    """`ClusterError` where a node has other versions or other code than this machine."""
    here = about_this_node()
    for name, there in on_every_node(about_this_node).items():
        if found := differences(here, there):
            raise ClusterError(f"node {name} has other versions than this machine: {found}; {_install()}")


def _install() -> str:
    return f"install drr_tutorial {versions()['drr_tutorial']} with the same libraries on every node"


def about_this_node() -> dict[str, str]:
    """Versions that figures rest on, and a digest of the package's code, of the machine on which it runs."""
    import ray

    found = versions() | {"ray": ray.__version__, CODE: package_digest()}
    found["torch"] = found["torch"].partition("+")[0]  # of the same version for a processor and for a GPU
    return found


@cache
def package_digest() -> str:
    """Of all modules of this package, as they lie on the disk: equal digests, equal code."""
    digest = hashlib.sha256()
    modules = [path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(PACKAGE / "book")]  # in a wheel
    for path in sorted(modules):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """In what a node differs from this machine, "" for nothing. Where the versions differ, so does the code."""
    names = [name for name in here if name != CODE and here[name] != there.get(name)]
    if not names and here.get(CODE) != there.get(CODE):
        return f"drr_tutorial {here.get('drr_tutorial')} with other code"
    return ", ".join(f"{name} {there.get(name, 'missing')} (here {here[name]})" for name in names)
