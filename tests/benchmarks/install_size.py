"""What the package costs before it does anything, printed. Run: python tests/benchmarks/install_size.py [--write]

Import: `import drr_tutorial` in new processes, the median, without torch and all else that is imported when first used. Size: all
files of the package and of the libraries that it needs, without extras, as they are installed here: torch for the CPU.
With --write the figures go to book/results/speed.json, from which the page at_a_glance has them.
"""

import statistics
import subprocess
import sys
import time
from importlib.metadata import distribution
from pathlib import Path

from speed_file import record

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tests.installed import PACKAGE, megabytes, needed, requirements  # noqa: E402

PARTS = ("drr_tutorial", "book")  # what the wheel holds
N_PROCESSES = 9
IMPORT = "import time; start = time.perf_counter(); import drr_tutorial; print(time.perf_counter() - start)"


def importing() -> None:
    """From a new process."""
    seconds = [float(subprocess.check_output([sys.executable, "-c", IMPORT])) for _ in range(N_PROCESSES)]
    milliseconds = 1000 * statistics.median(seconds)
    print(f"import drr_tutorial in a new process: {milliseconds:.0f} ms (target: 100 or less)")
    record("import alone", milliseconds, sum(seconds))


def size() -> None:
    """The package and the libraries that it needs: without torch, and with it."""
    start = time.perf_counter()
    own = (
        sum(path.stat().st_size for part in PARTS for path in (ROOT / part).rglob("*.*") if path.suffix != ".pyc") / 1e6
    )
    direct = requirements(distribution(PACKAGE))
    for name, libraries in (("size", [each for each in direct if each != "torch"]), ("size with torch", direct)):
        total = own + megabytes(needed(libraries))
        print(f"{name}: {total:,.0f} MB, of which the package with its book is {own:.0f}")
        record(name, total, time.perf_counter() - start)


if __name__ == "__main__":
    importing()
    size()
