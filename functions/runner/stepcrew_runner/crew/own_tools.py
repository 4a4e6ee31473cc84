"""Our own tools: exact where a model guesses."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crewai.tools import BaseTool
from pydantic import BaseModel, Field

from stepcrew.clock import SystemClock

MOST_CHARACTERS = 500
MOST_EXPONENT = 1_000


class Expression(BaseModel):
    expression: str = Field(description="An arithmetic expression, for example (2 + 3) * 4.")


class CalculatorTool(BaseTool):
    name: str = "calculator"
    description: str = "Evaluates an arithmetic expression with + - * / // % ** and parentheses, exactly."
    args_schema: type[BaseModel] = Expression

    def _run(self, expression: str) -> str:
        try:
            if len(expression) > MOST_CHARACTERS:
                raise ValueError("it is too long")
            return str(_value(ast.parse(expression.strip(), mode="eval").body))
        except (ValueError, SyntaxError, ArithmeticError, RecursionError) as error:
            return f"The expression cannot be evaluated: {error}."


_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}


def _value(node: ast.AST) -> int | float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base, exponent = _value(left), _value(right)
            if abs(exponent) > MOST_EXPONENT or abs(base) > 10**6:
                raise ValueError("the power is too large")
            power = base**exponent
            if isinstance(power, complex):
                raise ValueError("the power is not a real number")
            return power
        case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _BINARY:
            return _BINARY[type(kind)](_value(left), _value(right))
        case _:
            raise ValueError("only numbers and + - * / // % ** are known")


class Zone(BaseModel):
    time_zone: str = Field(default="UTC", description="An IANA time zone, for example Europe/Vienna.")


class CurrentTimeTool(BaseTool):
    name: str = "current_time"
    description: str = "Tells the current date and time in a time zone."
    args_schema: type[BaseModel] = Zone

    def _run(self, time_zone: str = "UTC") -> str:
        try:
            return SystemClock().now().astimezone(ZoneInfo(time_zone)).isoformat(timespec="seconds")
        except (ZoneInfoNotFoundError, ValueError):
            return f"There is no time zone {time_zone!r}."
