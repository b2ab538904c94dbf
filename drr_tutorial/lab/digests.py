"""Which definitions make a figure, and a digest of each: a figure is out of date when one of them has changed.

A definition is a function, a class, a method or a constant of a module of this package. It is told by what it does, not
by its wording or its place: comments, docstrings, layout, the file it stands in and the names under which imports are
known do not count, so that a sentence can be mended, and a function moved, without computing everything anew.

A method counts once code that counts names it: a method that is new to a class puts nothing out of date. Those of a
class that inherits from another package's all count, for that package may call them by names of its own (`forward`).
"""

import ast
import hashlib
import importlib.util
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from drr_tutorial.provenance import PACKAGE

LEFT_OUT = (
    "drr_tutorial",
    "drr_tutorial.data.load",
    "drr_tutorial.provenance",
    "drr_tutorial.lab.digests",
    "drr_tutorial.lab.pages",
    "drr_tutorial.lab.figures",
    "drr_tutorial.lab.studies",
    "drr_tutorial.lab.studies.runner",
    "drr_tutorial.training.logs",
)
"""Modules that make no figure: they trace, log, draw, run. A folder stands for its `__init__` only, but for figures.

How a file is read does not count, but what was read: result files hold the fingerprints of their data, and a test
compares them with what is read today.
"""
DRAWS_ONLY = "drr_tutorial.lab.figures."
LOOSE = "statements of the module"  # what defines nothing, such as a registration: it counts with whatever is defined
CALL_NOTHING = {"abc.ABC", "typing.Generic", "typing.NamedTuple", "typing.Protocol", "object"}
"""Bases of other packages that call no method of a class by its name."""
Place = tuple[str, str]  # module, name of the definition (Class.method for a method); an empty name is the whole module


class _Read(NamedTuple):
    """What a definition is and what it makes count."""

    digest: str
    needed: list[Place]
    """Definitions that it uses."""
    names: set[str]
    """All names in it: methods of these names may be what it calls."""
    methods: list[Place]
    """Those of a class that count when they are named."""


def entry(function: Callable[..., Any]) -> str:
    """ "module:name" of a module's function, or of the one within a `functools.partial`."""
    while isinstance(function, partial):
        function = function.func
    return f"{function.__module__}:{function.__qualname__.partition('.')[0]}"


def code_digests(entries: Iterable[str]) -> dict[str, str]:
    """Name -> digest for every definition that `entries` rest on, however deep, within this package.

    `entries`: "module:name", or "module" for all that it defines; all methods of a class among them count. Definitions
    of one name share a line. Imports for type checkers do not count. Raises `ValueError` for what is not there.
    """
    found: dict[Place, str] = {}
    waiting = [place for one in entries for place in _places(one)]
    named = {_last_name(method) for place in waiting for method in _read(place).methods}
    unnamed: set[Place] = set()
    while waiting:
        place = waiting.pop()
        if place in found or _is_left_out(place[0]):
            continue
        read = _read(place)
        found[place] = read.digest
        named |= read.names
        unnamed.update(read.methods)
        called = {method for method in unnamed if _last_name(method) in named}
        unnamed -= called
        waiting += [*read.needed, *called]
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
        self._read: dict[str, _Read] = {}
        for statement in tree.body:
            for bound in _bound(statement):
                self.definitions[bound].append(statement)

    def read(self, name: str) -> _Read:
        """A definition, or a method of a class."""
        if name not in self._read:
            parts, methods = self._parts(name)
            needed: set[Place] = {(self.name, LOOSE)} if LOOSE in self.definitions and name != LOOSE else set()
            digest = hashlib.sha256(self._shape(parts, needed).encode()).hexdigest()[:16]
            names = {found for part in parts for found in _names(part)}
            self._read[name] = _Read(digest, sorted(needed), names, [(self.name, method) for method in methods])
        return self._read[name]

    def _parts(self, name: str) -> tuple[list[ast.stmt], list[str]]:
        """The statements that a name stands for, and apart from them the methods that count when they are named."""
        owner, _, method = name.partition(".")
        statements = self.definitions.get(owner, [])
        if len(statements) != 1 or not isinstance(statements[0], ast.ClassDef) or self.is_open(owner):
            return statements, []
        apart = [part for part in statements[0].body if _is_method(part)]
        if method:
            return [part for part in apart if part.name == method], []
        frame = copy(statements[0])
        frame.body = [part for part in frame.body if not _is_method(part)]
        return [frame], sorted({f"{owner}.{part.name}" for part in apart})

    def is_open(self, name: str) -> bool:
        """Whether a class inherits from another package's, which may call its methods by names of its own."""
        bases = [base for part in self.definitions.get(name, []) for base in getattr(part, "bases", [])]
        return any(self._is_open_base(base.value if isinstance(base, ast.Subscript) else base) for base in bases)

    def _is_open_base(self, base: ast.expr) -> bool:
        target = self._target(base)
        if isinstance(target, tuple):
            return _is_left_out(target[0]) or _module(target[0], _source(target[0])).is_open(target[1])
        return (target or ast.unparse(base)) not in CALL_NOTHING

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


def _read(place: Place) -> _Read:
    module, name = place
    return _module(module, _source(module)).read(name)


def _last_name(place: Place) -> str:
    return place[1].rpartition(".")[2]


def _is_method(part: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    """Of those that run when their name is called: Python calls the others, `__len__` and its like."""
    return isinstance(part, ast.FunctionDef) and not (part.name.startswith("__") and part.name.endswith("__"))


def _names(statement: ast.stmt) -> Iterator[str]:
    """Attributes, texts that could be names (of `getattr`), and in a class, where methods go by it, the bare names."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value
        elif isinstance(node, ast.Name) and isinstance(statement, ast.ClassDef):
            yield node.id


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
