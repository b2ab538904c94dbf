"""Whether there is room in memory for what is about to be made: said before the work, not by a crash in the middle."""

import math
import os
import sys
from contextlib import suppress
from pathlib import Path

from drr_tutorial.errors import DataError

CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Where Linux keeps what a container may hold, and what it holds."""


def require_square(n_items: int, each: int, what: str) -> None:
    """Raises `DataError` when `each` bytes for all pairs of items are more than there are, and says how many items have
    room; nothing where the system does not tell.
    """
    free, needed = free_bytes(), each * n_items**2
    if free is not None and needed > free:
        raise DataError(
            f"{what} of {n_items:,} items needs {needed / 1e9:,.1f} GB of memory, since it makes an array of items "
            f"times items, and there are {free / 1e9:,.1f} GB; let it learn from the most liked items, "
            f"max_items={math.isqrt(max(free, 0) // each)} at most, or take item-kNN or iALS, whose memory grows with "
            "the ratings"
        )


def free_bytes() -> int | None:
    """Memory that this process can still take, by the least of what system, container and limits leave; None where
    none of them tells. Outside Linux it is what the machine has.
    """
    found = [*_of_system(), *_of_container(), *_of_limit()]
    return min(found) if found else None


def _of_system() -> list[int]:
    with suppress(OSError, ValueError, IndexError):
        return [1024 * int(Path("/proc/meminfo").read_text(encoding="ascii").partition("MemAvailable:")[2].split()[0])]
    with suppress(OSError, ValueError, AttributeError):  # AttributeError: Windows
        return [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    return []


def _of_container() -> list[int]:
    left = []
    for most, now in CGROUPS:
        with suppress(OSError, ValueError):  # "max" is no number
            left.append(int(Path(most).read_text(encoding="ascii")) - int(Path(now).read_text(encoding="ascii")))
    return left


def _of_limit() -> list[int]:
    if sys.platform == "win32":
        return []
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY:
        return []
    with suppress(OSError, ValueError, IndexError):
        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        return [most - taken]
    return []
