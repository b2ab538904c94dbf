"""Which names a piece of Python uses, and which it makes or changes."""

import ast
from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
BLOCKS = (ast.For, ast.If, ast.While, ast.With, ast.Try)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def used(node: ast.AST, own: frozenset[str] = frozenset()) -> set[str]:
    """Names that come from outside `node`: not those of its comprehensions, of its functions, of its own loops."""
    if isinstance(node, ast.Name):
        return {node.id} - own if isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, COMPREHENSIONS):
        own |= {name for part in node.generators for name in _stored(part.target)}
    elif isinstance(node, FUNCTIONS):
        own |= {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
        own |= set(_stored(node))
    elif isinstance(node, ast.For):
        own |= set(_stored(node.target))
    elif isinstance(node, ast.With):
        own |= {name for item in node.items for name in _bound(item)}
    if isinstance(node, BLOCKS):
        return _used_in_order(node, own)
    augmented = {node.target.id} if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) else set()
    return (augmented - own).union(*(used(child, own) for child in ast.iter_child_nodes(node)))


def _used_in_order(node: ast.AST, own: frozenset[str]) -> set[str]:
    """Of a statement with statements inside: what one of them binds, the next ones have."""
    found: set[str] = set()
    for _, part in ast.iter_fields(node):
        bound = own
        for child in part if isinstance(part, list) else [part]:
            if isinstance(child, ast.AST):
                found |= used(child, bound)
                bound |= frozenset(_bound(child)) if isinstance(child, ast.stmt) else frozenset()
    return found


def made(statement: ast.stmt) -> set[str]:
    """Names of the module that a statement binds."""
    return set(_bound(statement))


def changed(statement: ast.stmt, *, by_any_call: bool = False) -> set[str]:
    """Names whose objects a statement may change: a method called for its own sake, an entry or attribute set.

    `by_any_call`: also where the result of the method is used.
    """
    roots = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            roots |= _root(node)
        call = node.value if isinstance(node, ast.Expr) else node if by_any_call else None
        if isinstance(call, ast.Call) and (isinstance(call.func, ast.Attribute) or not by_any_call):
            roots |= _root(call.func)
        if isinstance(node, ast.AugAssign):
            roots |= _root(node.target)
    return roots


def _root(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _bound(node: ast.AST) -> Iterator[str]:
    """As `_stored`, without what happens inside functions and comprehensions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, (ast.Lambda, *COMPREHENSIONS)):
        for child in ast.iter_child_nodes(node):
            yield from _bound(child)


def _stored(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
