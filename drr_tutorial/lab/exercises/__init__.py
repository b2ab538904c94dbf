"""Checks of the readers' answers: `check("2.1", answer)`, offline, with a hint for common mistakes.

One module a chapter holds its checks: functions from the answer to a hint, or to None when the answer is right.
"""

import importlib
from collections.abc import Callable
from typing import Any

Check = Callable[[Any], str | None]
CHAPTERS = range(1, 18)


def check(number: str, answer: Any) -> bool:
    """Print whether an answer is right, else a hint; True when it is.

    `number` is that of the exercise, such as "2.1". Of an empty answer, `...`, it only says that it is empty, so that
    a notebook that is run as a whole gives nothing away. Raises `ValueError` when there is no such exercise.
    """
    number = str(number)
    checks = _checks(number.partition(".")[0])
    if number not in checks:
        raise ValueError(f"number must be that of an exercise, one of {sorted(checks)}, got {number!r}")
    if answer is ...:
        print(f"Exercise {number}: no answer yet. Put yours in the place of the three dots.")
        return False
    hint = checks[number](answer)
    print(f"Exercise {number}: right." if hint is None else f"Exercise {number}: not yet. {hint}")
    return hint is None


def _checks(chapter: str) -> dict[str, Check]:
    if not chapter.isdigit() or int(chapter) not in CHAPTERS:
        raise ValueError(f"number must start with a chapter from 1 to {CHAPTERS[-1]} and a dot, got {chapter!r}")
    found: dict[str, Check] = importlib.import_module(f"drr_tutorial.lab.exercises.chapter_{int(chapter)}").CHECKS
    return found
