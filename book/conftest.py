"""nbval for this book: numbers within a tolerance, pictures not compared, a trailing ';' hides a value as it should.

After a training, last digits have grown with the processor's kernels. Such a cell names the kind of its numbers in its
metadata: `"tolerance": "hit rate"` for all of them, `"tolerance": {"agent_hit": "hit rate"}` for glued ones by name.
How far kernels move a kind was measured: tolerances.json has it, with all particulars. A number may differ by `MARGIN`
times that; what is counted, by at least 1.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

import nbval.plugin
from nbformat import NotebookNode
from nbval.kernel import RunningKernel

RELATIVE, ABSOLUTE = 1e-3, 1e-6
TABLE = Path(__file__).parent / "tolerances.json"
# Other processors than those measured are to pass, too. An AVX-512 one moved a number by 2.5 times what kernels of AVX2
# and older had: 289 films instead of 284.
MARGIN = 3.0
LONGEST = ("deeper_failures", "whole_agent", "deeper_one_person", "08_planning")
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![\w])")
PICTURES = ("image/svg+xml", "application/papermill.record/image/svg+xml", "application/papermill.record/image/png")


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """The longest notebooks first: one that comes last would run alone while the other process has nothing left."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


class Tolerant(str):
    """A text that equals another one but for blanks and for numbers that agree within the tolerance."""

    __hash__ = str.__hash__
    absolute: float | None = None  # None: integers the same, floats to a thousandth

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and nearly_equal(str(self), str(other), self.absolute)

    def __ne__(self, other: object) -> bool:
        return not self == other


def nearly_equal(first: str, second: str, absolute: float | None = None) -> bool:
    """Equal texts between the numbers, equal integers, floats within the tolerance; `absolute` is for all numbers."""
    texts = [[" ".join(part.split()) for part in NUMBER.split(text)] for text in (first, second)]
    numbers = [NUMBER.findall(text) for text in (first, second)]
    return texts[0] == texts[1] and all(same_number(a, b, absolute) for a, b in zip(*numbers, strict=True))


def same_number(first: str, second: str, absolute: float | None = None) -> bool:
    """Integers must be the same; a float may differ in its last digits. Within `absolute`, any number may."""
    if first == second:
        return True
    if absolute is not None and math.isclose(float(first), float(second), rel_tol=0, abs_tol=absolute):
        return True
    is_float = any(re.search(r"[.eE]", text) for text in (first, second))
    return is_float and math.isclose(float(first), float(second), rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def name_of(output: Any) -> str:
    """The name of a glued number; empty for all other outputs."""
    return output.get("metadata", {}).get("scrapbook", {}).get("name", "")


def kind_of(cell: Any, name: str) -> str | None:
    """The kind of the numbers in an output called `name`; None where nothing was trained."""
    tolerance = cell.metadata.get("tolerance", {})
    return tolerance if isinstance(tolerance, str) else tolerance.get(name)


def absolute_of(cell: Any, name: str) -> float | None:
    """By how much the numbers in that output may differ. Raises `KeyError` for a kind that was not measured."""
    kind = kind_of(cell, name)
    return None if kind is None else tolerance(json.loads(TABLE.read_text())["kinds"][kind])


def tolerance(kind: Any) -> float:
    """By how much the numbers of a kind may differ, from what was measured."""
    return float(max(MARGIN * kind["spread"], float(kind["counted"])))


def _make_file(self: Any, *args: Any, **kwargs: Any) -> None:
    _original_init(self, *args, **kwargs)
    self.skip_compare += PICTURES


def _compare(self: Any, test: Any, ref: Any, skip_compare: Any = None) -> Any:
    marked = ([_marked(self.cell, output) for output in outputs] for outputs in (test, ref))
    return _original_compare(self, *marked, skip_compare)


def _marked(cell: Any, output: Any) -> Any:
    """A copy whose texts know their tolerance; glued numbers stand under their names, so that a message tells them."""
    marked, name = NotebookNode(output), name_of(output)
    absolute = absolute_of(cell, name)
    if "text" in output:
        marked.text = _with(output.text, absolute)
    if "data" in output:
        keys = {key: f"{name}, {key}" if name and key not in PICTURES else key for key in output.data}
        marked.data = {keys[key]: _with(value, absolute) for key, value in output.data.items()}
    return marked


def _with(text: Any, absolute: float | None) -> Any:
    if not isinstance(text, str):
        return text
    tolerant = Tolerant(text)
    tolerant.absolute = absolute
    return tolerant


def _sanitize(self: Any, text: Any) -> Any:
    return _with(_original_sanitize(self, text), getattr(text, "absolute", None))


def _execute(self: Any, source: str, allow_stdin: bool | None = None) -> Any:
    return self.kc.execute(source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


_original_init = nbval.plugin.IPyNbFile.__init__
_original_compare = nbval.plugin.IPyNbCell.compare_outputs
_original_sanitize = nbval.plugin.IPyNbCell.sanitize
nbval.plugin.IPyNbFile.__init__ = _make_file
nbval.plugin.IPyNbCell.compare_outputs = _compare
nbval.plugin.IPyNbCell.sanitize = _sanitize
RunningKernel.execute_cell_input = _execute
