"""A call in a process of its own, somewhere on a cluster: what the process does to its memory or to itself ends there.

Where the process or its whole node dies, Ray makes the call again elsewhere, a few times. So a call must give the same
value whenever it is made, and write nothing that others read: what it returns is all that comes back.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from drr_tutorial.cluster.connect import require_ray

TRIES = 3  # of a call whose process dies: that a node goes is chance, three times in a row it is the call


class Ended(NamedTuple):
    """How a call ended."""

    value: Any
    """What it returned; None where it failed."""
    error: str = ""
    """Why it failed, "" where it did not: the traceback of an error of its own, a sentence where its process died."""


def call(function: Callable[..., Any], *arguments: Any, environment: Mapping[str, str] | None = None) -> Ended:
    """Make a call in a new process with one CPU, in which `environment` is set before anything is imported; waits for
    it.

    Needs a cluster, see `connect`. The function must be one of a module that every node has, or a `functools.partial`
    of one. Many threads may call at once.
    """
    ray = require_ray()
    process = ray.remote(num_cpus=1, max_calls=1, max_retries=TRIES - 1, scheduling_strategy="SPREAD")(function_of)
    if environment:
        process = process.options(runtime_env={"env_vars": dict(environment)})
    try:
        return Ended(ray.get(process.remote(function, arguments)))
    except ray.exceptions.RayTaskError as error:
        return Ended(None, str(error))
    except ray.exceptions.RayError as error:
        return Ended(None, f"its process died {TRIES} times: {' '.join(str(error).split())}")


def function_of(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """The call itself, in the new process."""
    return function(*arguments)
