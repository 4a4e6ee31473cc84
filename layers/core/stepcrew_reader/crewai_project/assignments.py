"""Which names have exactly one value in a piece of a program, told from its text."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef

_CHANGING = frozenset(
    {"append", "extend", "insert", "remove", "pop", "popitem", "clear", "update", "setdefault", "add", "sort"}
    | {"reverse"}
)
"""Methods that change the object they are called on."""


class Change(NamedTuple):
    """A statement that changes what a name stands for: into `name <operator> by`, or into what only running it tells
    (`by` is None)."""

    name: str
    operator: ast.operator
    by: ast.expr | None


def assigned_once(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """Names (`x`, and `self.x` as `self.x`) that these statements assign exactly once, with their values. Inner
    functions and classes are other scopes.

    What is added to a list or a dictionary afterwards, without any condition, is part of its value. A name whose object
    is changed in another way has no value that the text tells.
    """
    values: dict[str, ast.expr] = {}
    times: Counter[str] = Counter()
    for node in statements(body):
        for target, value, count in _assignments(node):
            name = target_name(target)
            if name:
                times[name] += count
                if value is not None:
                    values[name] = value
        for name, operator, by in _changes(node):
            if name in values and by is not None and node in body:
                values[name] = _at(node, ast.BinOp(values[name], operator, by))
            else:
                times[name] += 1
    return {name: value for name, value in values.items() if times[name] == 1}


def touched(body: list[ast.stmt]) -> set[str]:
    """Names that these statements assign or whose objects they change."""
    found = {target_name(target) for node in statements(body) for target, _, _ in _assignments(node)}
    return found | {change.name for node in statements(body) for change in _changes(node)}


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """These statements and those inside `if`, `for`, `with` and `try`, but not inside functions and classes."""
    for node in body:
        yield node
        if isinstance(node, Function | ast.ClassDef):
            continue
        for inner in ("body", "orelse", "finalbody"):
            yield from statements(getattr(node, inner, []))
        for handler in getattr(node, "handlers", []):
            yield from statements(handler.body)


def target_name(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return f"self.{name}"
        case _:
            return ""


def _assignments(node: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr | None, int]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Tuple | ast.List):
                    yield from ((one, None, 2) for one in target.elts)
                else:
                    yield target, value, 1
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value, 1
        case ast.For(target=target):
            yield target, None, 2
        case _:
            return


def _changes(node: ast.stmt) -> Iterator[Change]:
    match node:
        case ast.AugAssign(target=target, op=operator, value=value) if target_name(target):
            yield Change(target_name(target), operator, value)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=of, attr=method), args=[only], keywords=[])) if (
            target_name(of)
        ):
            yield from _called(target_name(of), method, only)
        case ast.Assign(targets=[ast.Subscript(value=of, slice=ast.Constant() as key)], value=value) if target_name(of):
            yield Change(target_name(of), ast.BitOr(), _at(node, ast.Dict([key], [value])))
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=of, attr=method))) if method in _CHANGING:
            yield from _in_another_way(of)
        case ast.Assign(targets=targets):
            for target in targets:
                yield from _in_another_way(_holder(target))
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            yield from _in_another_way(_holder(target))
        case ast.Delete(targets=targets):
            for target in targets:
                yield from _in_another_way(_holder(target) or target)
        case _:
            return


def _called(name: str, method: str, only: ast.expr) -> Iterator[Change]:
    if method == "append":
        yield Change(name, ast.Add(), _at(only, ast.List([only], ast.Load())))
    elif method == "extend":
        yield Change(name, ast.Add(), only)
    elif method == "update":
        yield Change(name, ast.BitOr(), only)
    elif method in _CHANGING:
        yield Change(name, ast.Add(), None)


def _in_another_way(changed: ast.expr | None) -> Iterator[Change]:
    """Of the name that `agent.tools` begins with."""
    while isinstance(changed, ast.Attribute | ast.Subscript):
        name = target_name(changed)
        if name:
            yield Change(name, ast.Add(), None)
            return
        changed = changed.value
    if isinstance(changed, ast.Name):
        yield Change(changed.id, ast.Add(), None)


def _holder(target: ast.expr) -> ast.expr | None:
    """What `agent.llm` or `inputs["x"]` is a part of; None for what is assigned itself: a name, and `self.x`."""
    if target_name(target) or not isinstance(target, ast.Attribute | ast.Subscript):
        return None
    return target.value


def _at(place: ast.stmt | ast.expr, made: ast.expr) -> ast.expr:
    """The expression, as if it stood there in the file."""
    return ast.fix_missing_locations(ast.copy_location(made, place))
