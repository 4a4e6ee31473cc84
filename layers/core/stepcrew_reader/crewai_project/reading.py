"""The value of an expression, as far as the text of the project says it."""

from __future__ import annotations

import ast
import re
import textwrap
from datetime import UTC, datetime
from typing import Any, cast

from stepcrew_reader.crew_source import DEPLOY
from stepcrew_reader.crewai_project.following import Found, OnlyRunningTells, follow_calls, name_of
from stepcrew_reader.documents import is_json
from stepcrew_reader.errors import CrewFileError

_THIS_YEAR = re.compile(r"(datetime\.)?(datetime\.(now|today)|date\.today)\(\)\.year")


def elements(found: Found) -> list[Found]:
    """The elements of a list or tuple, also of joined and unpacked ones. Raises OnlyRunningTells for another value."""
    found = follow_calls(found)
    match found.node:
        case ast.List(elts=listed) | ast.Tuple(elts=listed):
            return [each for one in listed for each in _unpacked(found.within(one))]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return elements(found.within(left)) + elements(found.within(right))
        case _:
            raise OnlyRunningTells


def _unpacked(element: Found) -> list[Found]:
    return elements(element.within(element.node.value)) if isinstance(element.node, ast.Starred) else [element]


def keywords(found: Found) -> tuple[dict[str, Found], list[str]]:
    """The keyword arguments of a call, `**SETTINGS` written out, and the text of what could not be."""
    assert isinstance(found.node, ast.Call)
    given: dict[str, Found] = {}
    left_out: list[str] = []
    for keyword in found.node.keywords:
        value = found.within(keyword.value)
        if keyword.arg is not None:
            given[keyword.arg] = value
            continue
        try:
            given |= entries(value)
        except OnlyRunningTells:
            left_out.append(f"**{value.text}")
    return given, left_out


def entries(found: Found) -> dict[str, Found]:
    """The entries of a dictionary, `{…}` or `dict(…)`, with text keys. Raises OnlyRunningTells for another value."""
    found = follow_calls(found)
    match found.node:
        case ast.Dict(keys=names, values=values):
            result: dict[str, Found] = {}
            for name, value in zip(names, values, strict=True):
                if name is None:
                    result |= entries(found.within(value))
                else:
                    result[str(literal(found.within(name)))] = found.within(value)
            return result
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return entries(found.within(left)) | entries(found.within(right))
        case ast.Call(func=ast.Name(id="dict"), args=[]):
            given, left_out = keywords(found)
            if left_out:
                raise OnlyRunningTells
            return given
        case _:
            raise OnlyRunningTells


def literal(found: Found) -> Any:
    """The JSON value of an expression of constants, names with one value, format strings and `dedent`.

    Raises OnlyRunningTells for everything else."""
    found = follow_calls(found)
    node = found.node
    match node:
        case ast.Constant(value=value) if is_json(value):
            return _taken(found, value)
        case ast.List() | ast.Tuple():
            return [literal(one) for one in elements(found)]
        case ast.Dict() | ast.Call(func=ast.Name(id="dict")):
            return {name: literal(value) for name, value in entries(found).items()}
        case ast.JoinedStr(values=parts):
            return _taken(found, "".join(str(literal(found.within(part))) for part in parts))
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
            return literal(found.within(inner))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(literal(found.within(operand)))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _taken(found, _sum(literal(found.within(left)), literal(found.within(right))))
        case ast.Call(func=func, args=[only], keywords=[]) if name_of(func) in {"dedent", "str"}:
            value = literal(found.within(only))
            return textwrap.dedent(value) if name_of(func) == "dedent" and isinstance(value, str) else str(value)
        case ast.Call(func=ast.Attribute(value=of, attr="strip"), args=[], keywords=[]):
            return str(literal(found.within(of))).strip()
        case ast.Attribute(attr="year") if _THIS_YEAR.fullmatch(ast.unparse(node)):
            found.scope.module.project.asked_for_today = True
            return datetime.now(UTC).year  # CrewAI's own project template asks for it
        case _:
            raise OnlyRunningTells


def _taken(found: Found, value: Any) -> Any:
    """The value, whose length counts as work: texts and lists can be joined to ever longer ones."""
    found.scope.module.project.spend(_length(value) // 10)
    return value


def _length(value: object) -> int:
    return len(cast("str | list[object]", value)) if isinstance(value, str | list) else 0


def _number(value: object) -> int | float:
    if isinstance(value, int | float):
        return value
    raise OnlyRunningTells


def _sum(left: object, right: object) -> Any:
    match left, right:
        case str(), str():
            return left + right
        case list(), list():
            return cast("list[Any]", left) + cast("list[Any]", right)
        case ((int() | float()), (int() | float())) if is_json(left + right):
            return left + right
        case _:
            raise OnlyRunningTells


def refused(found: Found, what: str, remedy: str = "Write it out in the file.") -> CrewFileError:
    """The error for something that decides what runs and that only running the code would tell."""
    changed = " or changed afterwards" if isinstance(found.node, ast.Name) else ""
    detail = f"{what} is computed{changed} ({found.text}), and code of a project is not run."
    return CrewFileError(f"{found.place}: {detail}", remedy=f"{remedy} {DEPLOY}")
