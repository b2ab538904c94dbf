"""nbval for this book: numbers within a tolerance, pictures not compared, a trailing ';' hides a value as it should."""

import math
import re
from typing import Any

import nbval.plugin
from nbval.kernel import RunningKernel

RELATIVE, ABSOLUTE = 1e-3, 1e-6
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![\w])")
PICTURES = ("image/svg+xml", "application/papermill.record/image/svg+xml", "application/papermill.record/image/png")


class Tolerant(str):
    """A text that equals another one but for blanks and for floats that agree within the tolerance."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and nearly_equal(str(self), str(other))

    def __ne__(self, other: object) -> bool:
        return not self == other


def nearly_equal(first: str, second: str) -> bool:
    """Equal texts between the numbers, equal integers, floats within the tolerance."""
    texts = [[" ".join(part.split()) for part in NUMBER.split(text)] for text in (first, second)]
    numbers = [NUMBER.findall(text) for text in (first, second)]
    return texts[0] == texts[1] and all(same_number(a, b) for a, b in zip(*numbers, strict=True))


def same_number(first: str, second: str) -> bool:
    """Integers must be the same; a float may differ in its last digits."""
    if first == second:
        return True
    is_float = any(re.search(r"[.eE]", text) for text in (first, second))
    return is_float and math.isclose(float(first), float(second), rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _make_file(self: Any, *args: Any, **kwargs: Any) -> None:
    _original_init(self, *args, **kwargs)
    self.skip_compare += PICTURES


def _sanitize(self: Any, text: Any) -> Any:
    text = _original_sanitize(self, text)
    return Tolerant(text) if isinstance(text, str) else text


def _execute(self: Any, source: str, allow_stdin: bool | None = None) -> Any:
    return self.kc.execute(source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


_original_init = nbval.plugin.IPyNbFile.__init__
_original_sanitize = nbval.plugin.IPyNbCell.sanitize
nbval.plugin.IPyNbFile.__init__ = _make_file
nbval.plugin.IPyNbCell.sanitize = _sanitize
RunningKernel.execute_cell_input = _execute
