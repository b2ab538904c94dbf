"""Settings that check themselves: dataclasses whose fields say what they may hold, by pydantic."""

import functools
import re
from dataclasses import field
from typing import Annotated, Any, TypeVar, dataclass_transform

import pydantic.dataclasses
from pydantic import ConfigDict, Field, ValidationError

T = TypeVar("T")
Count = Annotated[int, Field(gt=0)]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def settings(cls: type[T]) -> type[T]:
    """Make a frozen dataclass that checks each value against the field's type: numbers are finite, lists become tuples.

    Creating one raises `ValueError` that names setting, rule and value.
    """
    made: Any = pydantic.dataclasses.dataclass(cls, frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
    check = made.__init__

    @functools.wraps(check)
    def init(self: Any, *args: Any, **values: Any) -> None:
        try:
            check(self, *args, **values)
        except ValidationError as error:
            raise ValueError("; ".join(_told(cls.__name__, found) for found in error.errors())) from None

    made.__init__ = init
    return made  # type: ignore[no-any-return]


def require(holds: bool, owner: object, name: str, rule: str) -> None:
    """A rule that a type cannot say, for `__post_init__`: `ValueError` unless it holds."""
    if not holds:
        raise ValueError(f"{type(owner).__name__}.{name} must be {rule}, got {getattr(owner, name)!r}")


def _told(owner: str, found: Any) -> str:
    """One finding of pydantic's in the words of this package; a rule of `__post_init__` has its own."""
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    name = ".".join(str(part) for part in (owner, *found["loc"]))
    said, n = re.subn("^Input should", "must", found["msg"])
    return f"{name}{' ' if n else ': '}{said}, got {found['input']!r}"
