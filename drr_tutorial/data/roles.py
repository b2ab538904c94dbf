"""Which column of a table is what: by the names that are usual, or by those that the reader gives."""

from collections.abc import Mapping, Sequence

from drr_tutorial.data.options import ITEM_ROLES, ROLES, SKIPPED, Columns, Kind
from drr_tutorial.errors import DataError

_NAMES = {
    "user": ("user", "userid"),
    "item": ("item", "itemid", "movie", "movieid"),
    "rating": ("rating",),
    "timestamp": ("timestamp", "time"),
    "title": ("title", "movietitle"),
    "genres": ("genres", "genre"),
}
_OF_KIND = {"counts": ("rating", "count", "counts", "plays"), "thumbs": ("rating", "liked", "thumb", "thumbs")}
_APART = ("user", "item", "rating", "timestamp")
_RECBOLE_TYPES = (":token", ":token_seq", ":float", ":float_seq")
_KINDS = (
    "kind='likes' where each row is a like (a click, a view, a purchase), kind='counts' with liked_above where it says "
    "how often, kind='thumbs' where it holds 1 and -1, or 1 and 0 (on the command line --kind)"
)


def rating_roles(names: Sequence[str], columns: Columns | None, kind: Kind | None, where: str) -> dict[str, int]:
    """Role -> position of its column, for a table of ratings whose columns have these names.

    Raises `DataError` for a column that is missing, or that more than one could be.
    """
    usual = _NAMES if kind not in _OF_KIND else {**_NAMES, "rating": _OF_KIND[kind]}
    if kind == "likes":
        usual = {role: known for role, known in usual.items() if role != "rating"}
    found = _found(names, usual, columns, where, "columns")
    needed = ("user", "item", "rating") if kind in (None, "ratings", "thumbs") else ("user", "item")
    missing = [role for role in needed if role not in found]
    if missing == ["rating"] and kind is None:
        raise DataError(
            f"{where}: no column for rating among {list(names)}; if one of them holds ratings, say which: "
            f"{_example('rating')}. If there are none, say what the rows are: {_KINDS}"
        )
    if missing:
        raise DataError(
            f"{where}: no column for {', '.join(missing)} among {list(names)}; name them user, item, rating and, if "
            f"there are times, timestamp, or say which they are: {_example(missing[0])}. A file without a header: "
            "columns=['user', 'item', 'rating', 'timestamp'], from left to right"
        )
    if kind == "likes":
        found.pop("rating", None)
    return found


def item_roles(names: Sequence[str], columns: Columns | None, where: str) -> dict[str, int]:
    """The same for a table of items. Raises `DataError` where there is no item, or neither title nor genres."""
    usual = {role: _NAMES[role] for role in ITEM_ROLES}
    if any(name.endswith(_RECBOLE_TYPES) for name in names):
        usual["genres"] = (*usual["genres"], "class")  # RecBole's name for it in MovieLens
    found = _found(names, usual, columns, where, "item_columns")
    missing = [role for role in ("item", "title") if role not in found and (role == "item" or "genres" not in found)]
    if missing:
        raise DataError(
            f"{where}: no column for {' and '.join(missing)} among {list(names)}; say which they are: "
            f"item_columns={{{missing[0]!r}: NAME}} (on the command line --item-columns {missing[0]}=NAME)"
        )
    return found


def plain_name(name: object) -> str:
    """A column's name in one form: user_id, UserID and RecBole's user_id:token are all "userid"."""
    text = str(name).strip().lower()
    for ending in _RECBOLE_TYPES:
        text = text.removesuffix(ending)
    return text.replace("_", "")


def is_known(names: Sequence[object], roles: Sequence[str] = ROLES) -> bool:
    """Whether any of these is the usual name of a column, of one of these roles: then they are a header."""
    known = {name for role, names in _NAMES.items() if role in roles for name in names}
    return not known.isdisjoint(map(plain_name, names))


def _found(
    names: Sequence[str], usual: Mapping[str, Sequence[str]], columns: Columns | None, where: str, argument: str
) -> dict[str, int]:
    if columns is not None and not isinstance(columns, Mapping):
        if len(columns) > len(names):
            raise DataError(
                f"{where} has {len(names)} columns, but {argument} names {len(columns)}: {list(columns)}; give a role "
                "for each from left to right, '-' for one to skip"
            )
        return {role: position for position, role in enumerate(columns) if role != SKIPPED}
    found = {role: _mapped(role, name, names, where, argument) for role, name in (columns or {}).items()}
    _refuse_shared(found, names, where, argument)
    free = [(position, plain_name(name)) for position, name in enumerate(names) if position not in found.values()]
    for role, known in usual.items():
        places = [position for position, name in free if role not in found and name in known]
        if len(places) > 1:
            raise DataError(f"{where}: {_which([names[position] for position in places], role, argument)}")
        if places:
            found[role] = places[0]
    return found


def _which(names: Sequence[str], role: str, argument: str) -> str:
    """What to do about several columns that could be one role; those of one name cannot be told apart by it."""
    both = " and ".join(map(repr, names))
    one = next((name for name in names if [other.strip() for other in names].count(name.strip()) == 1), None)
    choice = "" if one is None else f", or say which counts: {argument}={{{role!r}: {one!r}}}"
    return f"columns {both} both mean {role!r}; rename or drop one{choice}"


def _refuse_shared(found: Mapping[str, int], names: Sequence[str], where: str, argument: str) -> None:
    """`DataError` for one column as two of user, item, rating and timestamp; a name may be id and title."""
    owners: dict[int, str] = {}
    for role, place in found.items():
        if role in _APART and owners.setdefault(place, role) != role:
            raise DataError(
                f"{where}: {argument} must give a column of its own to each of {', '.join(_APART)}, got "
                f"{names[place]!r} for {owners[place]} and {role}; correct one of them"
            )


def _mapped(role: str, name: str, names: Sequence[str], where: str, argument: str) -> int:
    places = [position for position, found in enumerate(names) if found.strip() == str(name).strip()]
    if len(places) != 1:
        rule = f"none of {list(names)}" if not places else f"the name of {len(places)} columns"
        raise DataError(f"{where}: {argument}[{role!r}] must be the name of one column, got {name!r}, which is {rule}")
    return places[0]


def _example(role: str) -> str:
    return f"columns={{{role!r}: NAME}} (on the command line --columns {role}=NAME)"
