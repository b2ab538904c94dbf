"""Settings that check themselves: dataclasses whose fields say what they may hold, by pydantic."""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Any, TypeVar, dataclass_transform, get_args, get_type_hints

import numpy as np
import pydantic.dataclasses
from pydantic import ConfigDict, Field, ValidationError

T = TypeVar("T")
Count = Annotated[int, Field(gt=0)]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)
LIMITS = {"ge": "from", "gt": "above", "le": "to", "lt": "to below"}


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def settings(cls: type[T]) -> type[T]:
    """Make a frozen dataclass that checks each value against the field's type: numbers are finite, whole numbers do
    for others, numpy's become Python's and lists tuples; nothing else is converted.

    Creating one raises `ValueError` that names setting, rule and value.
    """
    made: Any = pydantic.dataclasses.dataclass(cls, frozen=True, config=STRICT)
    check = made.__init__

    @functools.wraps(check)
    def init(self: Any, *args: Any, **values: Any) -> None:
        try:
            check(self, *map(_plain, args), **{name: _plain(value) for name, value in values.items()})
        except ValidationError as error:
            raise ValueError(_told(made, error.errors())) from None

    made.__init__ = init
    return made  # type: ignore[no-any-return]


def require(holds: bool, owner: object, name: str, rule: str) -> None:
    """A rule that a type cannot say, for `__post_init__`: `ValueError` unless it holds."""
    if not holds:
        raise ValueError(f"{type(owner).__name__}.{name} must be {rule}, got {getattr(owner, name)!r}")


def _plain(value: Any) -> Any:
    """Without numpy's numbers and lists."""
    if isinstance(value, list | tuple):
        return tuple(_plain(part) for part in value)
    return value.item() if isinstance(value, np.generic) else value


def _told(cls: Any, findings: Sequence[Any]) -> str:
    """Pydantic's findings in the words of this package: a sentence for each value that will not do."""
    places: dict[tuple[str | int, ...], list[Any]] = {}
    for found in findings:
        places.setdefault(_place(cls, found["loc"]), []).append(found)
    parts = {place[:1] for place in places if len(place) > 1}  # of tuples: what is wrong with a part is all there is
    return "; ".join(_sentence(cls, place, found) for place, found in places.items() if place not in parts)


def _place(cls: Any, loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The setting's name and which part of a tuple, not which branch of a union."""
    names = [known.name for known in dataclasses.fields(cls)]
    first = [names[part] if isinstance(part, int) and part < len(names) else part for part in loc[:1]]
    return (*first, *(part for part in loc[1:] if isinstance(part, int)))


def _sentence(cls: Any, place: tuple[str | int, ...], findings: Sequence[Any]) -> str:
    """What is wrong with one value; a rule of `__post_init__` has its own words."""
    found = findings[0]
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    name = ".".join(str(part) for part in (cls.__name__, *place))
    said = [found["msg"].removeprefix("Input should be ") for found in findings]
    if found["type"].startswith(("greater_than", "less_than")):
        said = [_range(get_type_hints(cls, include_extras=True)[str(place[0])]) or said[0]]
    rule = f" must be {', or '.join(said)}" if found["msg"].startswith("Input should be ") else f": {said[0]}"
    return f"{name}{rule}, got {found['input']!r}"


def _range(hint: Any) -> str:
    """Of `Annotated[float, Field(ge=0, le=1)]`, or a tuple of such: "from 0 to 1"; "" for one limit or none."""
    limits = [
        f"{LIMITS[name]} {limit}"
        for extra in getattr(hint, "__metadata__", ())
        for bound in extra.metadata
        for name, limit in dataclasses.asdict(bound).items()
        if name in LIMITS
    ]
    return " ".join(limits) if len(limits) == 2 else "".join(map(_range, get_args(hint)))
