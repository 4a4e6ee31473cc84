"""What can be told of expressions in CEL (https://cel.dev) without evaluating them: whether they are closed, whether
values and operators follow each other, and which names they read. The runner compiles them before the first call of a
crew; CEL has no statements and no effects."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

MOST_CHARACTERS = 2_000
_TOKEN = re.compile(
    r"""\s+
      | (?P<text>
            [bB]?[rR][bB]?(?:"[^"\n]*"|'[^'\n]*')
          | [bB]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
        )
      | (?P<name>[A-Za-z_]\w*) | (?P<number>\.?\d[\w.]*)
      | (?P<sign>&&|\|\||[=!<>]=|.)""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"true", "false", "null", "in"}
_BINDING = {"all", "exists", "exists_one", "filter", "map"}
_OPERATORS = {"&&", "||", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "?", ":", ",", "in"}
"""What stands between two values."""
_CLOSES = {")": "(", "]": "[", "}": "{"}


class Token(NamedTuple):
    kind: str
    text: str
    end: int


class Expression(NamedTuple):
    """`text` is one of CEL; `fault` says why it was not found whole."""

    text: str
    fault: str = ""


def expressions_in(text: str) -> Iterator[Expression]:
    """Those that stand as `${…}` in a text."""
    at = 0
    while (start := text.find("${", at)) >= 0:
        depth, at = 1, len(text)
        for token in _tokens(text, start + 2):
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if depth == 0:
                at = token.end
                break
        if depth:
            yield Expression(text[start:], "it begins with ${ and is not closed")
            return
        yield Expression(text[start + 2 : at - 1])


def fault_of(text: str, roots: Collection[str], outputs: Collection[str]) -> str | None:
    """What is wrong with an expression that may read `roots`, and of `outputs` these."""
    if not text.strip():
        return "it is empty"
    if len(text) > MOST_CHARACTERS:
        return f"it has more than {MOST_CHARACTERS} characters"
    tokens = list(_tokens(text, 0))
    return _unclosed(tokens) or _out_of_order(tokens) or _unknown_name(tokens, roots, outputs)


def _tokens(text: str, start: int) -> Iterator[Token]:
    for found in _TOKEN.finditer(text, start):
        if found.lastgroup:
            yield Token(found.lastgroup, found[0], found.end())


def _unclosed(tokens: list[Token]) -> str | None:
    open_ones: list[str] = []
    for token in tokens:
        if token.text in ("'", '"'):
            return "a text in it is not closed"
        if token.text in _CLOSES.values():
            open_ones.append(token.text)
        elif token.text in _CLOSES and (not open_ones or open_ones.pop() != _CLOSES[token.text]):
            return f"{token.text} closes nothing"
    return f"{open_ones[-1]} is not closed" if open_ones else None


def _out_of_order(tokens: list[Token]) -> str | None:
    """Where a value must stand and none does, or one does and must not."""
    has_value, before = False, ""
    for kind, text, _ in tokens:
        if before == "." and kind != "name":
            return f"a name must follow the full stop, not {text}"
        if before == ".":
            has_value = True
        elif text in _OPERATORS:
            if not has_value and text != "-":
                return f"a value is missing before {text}"
            has_value = False
        elif kind != "sign":
            if has_value:
                return f"{text} follows a value, and an operator must stand between"
            has_value = True
        elif text in _CLOSES:
            if not has_value and before != _CLOSES[text]:
                return f"a value is missing before {text}"
            has_value = True
        elif text in _CLOSES.values():
            may_be_empty = text == "{" or has_value == (text == "(")  # a call, or a list
            has_value, text = False, text if may_be_empty else ""
        elif text == "!" and has_value:
            return "! follows a value, and an operator must stand between"
        elif text not in (".", "!"):
            return f"{text} means nothing"
        before = text
    return None if has_value and before != "." else "a value is missing at its end"


def _unknown_name(tokens: list[Token], roots: Collection[str], outputs: Collection[str]) -> str | None:
    texts = [token.text for token in tokens]
    bound = {texts[at + 2] for at, text in enumerate(texts[:-3]) if text in _BINDING and texts[at + 3] == ","}
    for at, token in enumerate(tokens):
        before, behind = texts[at - 1] if at else "", texts[at + 1] if at + 1 < len(texts) else ""
        if token.kind != "name" or before == "." or behind == "(" or token.text in _WORDS | bound:
            continue
        if token.text not in roots:
            return f"it reads {token.text!r}, and there are only {', '.join(sorted(roots))}"
        if token.text == "outputs" and behind == "." and at + 2 < len(texts) and texts[at + 2] not in outputs:
            return f"there is no output {texts[at + 2]!r} of a method"
    return None
