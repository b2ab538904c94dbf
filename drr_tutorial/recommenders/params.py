"""Settings by name as scikit-learn knows them (Buitinck et al. 2013): what `clone`, pipelines and searches call."""

import inspect
import math
from collections.abc import Mapping
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from drr_tutorial.recommenders.base import Recommender

CHANGES_NOTHING_LEARNED = {"folder", "progress"}


def params_of(recommender: "Recommender", deep: bool) -> dict[str, Any]:
    """What the class was made with, by name; with `deep` also the settings of a recommender within, as inner__name."""
    names = list(inspect.signature(type(recommender)).parameters)
    own = {name: getattr(recommender, name) for name in names}
    inner = {f"{name}__{key}": value for name, part in own.items() if hasattr(part, "get_params")
             for key, value in part.get_params().items()} if deep else {}  # fmt: skip
    return own | inner


def with_params(recommender: "Recommender", params: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of the recommender with other settings; those of an unfitted one, unless all is as it was.

    Raises `ValueError` for a setting that there is not, for a value of another kind, and what the class says of values.
    """
    known = params_of(recommender, deep=True)
    unknown = [name for name in params if name not in known]
    if unknown:
        names = ", ".join(known)
        raise ValueError(f"{unknown[0]!r} is no setting of {type(recommender).__name__}; it has {names or 'none'}")
    own = params_of(recommender, deep=False)
    _require_fitting(type(recommender), {name: value for name, value in params.items() if name in own})
    changed = {name for name, value in params.items() if not _same(value, known[name])}
    own |= {name: value for name, value in params.items() if name in own}
    for name in {name.partition("__")[0] for name in params if "__" in name}:
        new = {key.partition("__")[2]: value for key, value in params.items() if key.startswith(f"{name}__")}
        own[name] = type(own[name])(**own[name].get_params(deep=False)).set_params(**new)
    made = type(recommender)(**own)  # which checks them
    if changed <= CHANGES_NOTHING_LEARNED:
        return {name: params[name] for name in changed}
    nothing = {name: None for name in vars(recommender) if name not in vars(made)}
    return {**nothing, **vars(made)}


def require_fitting(recommender: "Recommender") -> None:
    """Raises `ValueError` for a setting of another kind than its class declares; what it keeps under other names, or
    not at all, is let pass.
    """
    kept = vars(recommender)
    names = inspect.signature(type(recommender)).parameters
    _require_fitting(type(recommender), {name: kept[name] for name in names if name in kept})


def _require_fitting(kind: type, values: Mapping[str, Any]) -> None:
    """Raises `ValueError` for a value of another kind than the class declares; its `fit` knows the ranges."""
    declared = inspect.signature(kind).parameters
    for name, value in values.items():
        rule = _rule(declared[name].annotation, value)
        if not rule and name == "seed" and isinstance(value, Integral) and value < 0:
            rule = "a whole number from 0"
        if rule:
            raise ValueError(f"{name} must be {rule}, got {value!r}")


def _rule(kind: Any, value: Any) -> str:
    """What a value must be to be of a kind that is a type or a few words; "" where it is, and for all other kinds."""
    if get_origin(kind) is Literal:
        words = get_args(kind)
        return "" if value in words else f"one of {', '.join(map(repr, words))}"
    if get_origin(kind) in (Union, UnionType):
        rules = [_rule(one, value) for one in get_args(kind)]
        return "" if "" in rules else " or ".join(rules)
    if kind is NoneType:
        return "" if value is None else "None"
    if kind in (int, float):
        among, name = (Integral, "a whole number") if kind is int else (Real, "a number")
        if not isinstance(value, among) or isinstance(value, bool) or value != value:
            return name
        return "" if math.isfinite(value) else "a finite number"
    is_known = isinstance(kind, type) and kind is not inspect.Parameter.empty
    return f"a {kind.__name__}" if is_known and not isinstance(value, kind) else ""


def _same(one: Any, other: Any) -> bool:
    """10 is 10.0, but True is not 1."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return one is other or ((numbers or type(one) is type(other)) and bool(one == other))
