"""Which definitions make a figure, and a digest of each: a figure is out of date when one of them has changed.

A definition is a function, a class or a constant of a module of this package. It is told by what it does, not by its
wording or its place: comments, docstrings, layout, the file it stands in and the names under which imports are known do
not count, so that a sentence can be mended, and a function moved, without computing everything anew.
"""

import ast
import hashlib
import importlib.util
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from drr_tutorial.provenance import PACKAGE

LEFT_OUT = (
    "drr_tutorial",
    "drr_tutorial.provenance",
    "drr_tutorial.lab.digests",
    "drr_tutorial.lab.pages",
    "drr_tutorial.lab.figures",
    "drr_tutorial.lab.studies",
    "drr_tutorial.lab.studies.runner",
    "drr_tutorial.training.logs",
)
"""Modules that make no figure: they trace, log, draw, run. A folder stands for its `__init__` only, but for figures."""
DRAWS_ONLY = "drr_tutorial.lab.figures."
LOOSE = "statements of the module"  # what defines nothing, such as a registration: it counts with whatever is defined
Place = tuple[str, str]  # module, name of the definition; an empty name is the whole module


def entry(function: Callable[..., Any]) -> str:
    """ "module:name" of a module's function, or of the one within a `functools.partial`."""
    while isinstance(function, partial):
        function = function.func
    return f"{function.__module__}:{function.__qualname__.partition('.')[0]}"


def code_digests(entries: Iterable[str]) -> dict[str, str]:
    """Name -> digest for every definition that `entries` rest on, however deep, within this package.

    `entries`: "module:name", or "module" for all that it defines. Definitions of one name share a line. Imports for
    type checkers do not count. Raises `ValueError` for what is not there.
    """
    found: dict[Place, str] = {}
    waiting = [place for one in entries for place in _places(one)]
    while waiting:
        place = waiting.pop()
        if place not in found and not _is_left_out(place[0]):
            found[place], needed = _module(place[0], _source(place[0])).digest(place[1])
            waiting += needed
    by_name: dict[str, list[str]] = defaultdict(list)
    for (_, name), digest in found.items():
        by_name[name].append(digest)
    return {name: "+".join(sorted(by_name[name])) for name in sorted(by_name)}


def code_key(entries: Iterable[str]) -> str:
    """One digest for all the code that `entries` rest on: equal keys, equal figures. Raises `ValueError`."""
    return hashlib.sha256(repr(code_digests(entries)).encode()).hexdigest()[:16]


class _Module:
    """The definitions of one module, and what its names stand for."""

    def __init__(self, name: str, source: str) -> None:
        tree = ast.parse(source)
        self.name = name
        self.imports = dict(_imports(tree))
        self.definitions: dict[str, list[ast.stmt]] = defaultdict(list)
        self._digests: dict[str, tuple[str, list[Place]]] = {}
        for statement in tree.body:
            for bound in _bound(statement):
                self.definitions[bound].append(statement)

    def digest(self, name: str) -> tuple[str, list[Place]]:
        """Digest of a definition, and the places of those that it uses."""
        if name not in self._digests:
            needed: set[Place] = {(self.name, LOOSE)} if LOOSE in self.definitions and name != LOOSE else set()
            shape = self._shape(self.definitions.get(name, []), needed)
            self._digests[name] = hashlib.sha256(shape.encode()).hexdigest()[:16], sorted(needed)
        return self._digests[name]

    def _shape(self, node: Any, needed: set[Place]) -> str:
        """What a syntax tree does, the same in every version of Python: names of nodes, and what they hold, but no
        empty fields. Names that were imported stand under the name of what they are.
        """
        if isinstance(node, list):
            return "[" + ",".join(self._shape(one, needed) for one in node if not _says_nothing(one)) + "]"
        if not isinstance(node, ast.AST):
            return repr(node)
        target = self._target(node)
        if target is not None:
            return self._named(target, needed)
        fields = ((name, value) for name, value in ast.iter_fields(node) if value is not None and value != [])
        return type(node).__name__ + "(" + ",".join(f"{n}={self._shape(value, needed)}" for n, value in fields) + ")"

    def _named(self, target: Place | str, needed: set[Place]) -> str:
        """How a name stands in a shape: bare for a definition, whole for what others define."""
        if isinstance(target, str):
            return target
        module, name = target
        needed.update([target] if name or _is_left_out(module) else _all_of(module))
        return name or module.rpartition(".")[2]

    def _target(self, node: ast.AST) -> Place | str | None:
        """What a name stands for: a definition or module of this package, or the whole name of what others define;
        None for local names and whatever else is no name.
        """
        if isinstance(node, ast.Name):
            if node.id in self.definitions:
                return self.name, node.id
            return _resolve(self.imports[node.id]) if node.id in self.imports else None
        if not isinstance(node, ast.Attribute):
            return None
        owner = self._target(node.value)
        if isinstance(owner, str):
            return f"{owner}.{node.attr}"
        return _resolve(f"{owner[0]}.{node.attr}") if owner is not None and not owner[1] else None


@cache
def _module(name: str, source: str) -> _Module:
    return _Module(name, source)


def _places(one: str) -> list[Place]:
    module, _, name = one.partition(":")
    if name and name not in _module(module, _source(module)).definitions:
        raise ValueError(f"there is no {name!r} in {module!r}; name what makes the figures")
    return [(module, name)] if name else _all_of(module)


def _all_of(module: str) -> list[Place]:
    return [(module, name) for name in _module(module, _source(module)).definitions]


def _resolve(dotted: str) -> Place | str:
    """Where this package defines it, an empty name for a module; the name itself for what others define."""
    if _path(dotted) is not None:
        return dotted, ""
    module, _, name = dotted.rpartition(".")
    if _path(module) is None:
        return dotted
    read = _module(module, _source(module))
    return _resolve(read.imports[name]) if name in read.imports else (module, name)


def _is_left_out(module: str) -> bool:
    return module in LEFT_OUT or module.startswith(DRAWS_ONLY)


def _path(name: str) -> Path | None:
    """The file of a module of this package; None when there is none of that name."""
    first, *parts = name.split(".")
    place = PACKAGE.joinpath(*parts)
    found = (path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file())
    return next(found, None) if first == PACKAGE.name else None


def _source(name: str) -> str:
    path = _path(name)
    if path is None and name.partition(".")[0] != PACKAGE.name:  # a study from elsewhere
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            spec = None
        path = None if spec is None or spec.origin is None else Path(spec.origin)
    if path is None:
        raise ValueError(f"there is no module {name!r}; name the modules that make the figures, such as {__name__!r}")
    return path.read_text(encoding="utf-8")


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement of a module defines; `LOOSE` for one that does something and defines nothing."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if _says_nothing(statement) or _is_for_type_checkers(statement):
        return set()
    parts = list(ast.walk(statement))
    names = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return names | {part.name for part in parts if isinstance(part, ast.FunctionDef | ast.ClassDef)} or {LOOSE}


def _says_nothing(node: Any) -> bool:
    """Docstrings, and imports: what these bind is followed where it is used."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Name in the module -> what it stands for, wherever it is imported."""
    if isinstance(node, ast.Import):
        for name in node.names:
            first = name.name.partition(".")[0]
            yield (name.asname, name.name) if name.asname else (first, first)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from ((name.asname or name.name, f"{node.module}.{name.name}") for name in node.names)
    elif not _is_for_type_checkers(node):
        for child in ast.iter_child_nodes(node):
            yield from _imports(child)
