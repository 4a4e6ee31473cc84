"""Small questions about parsed Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
KICKOFFS = frozenset(
    ("kickoff", "kickoff_async", "akickoff", "kickoff_for_each", "kickoff_for_each_async", "akickoff_for_each")
)


def called(node: ast.AST | None) -> str:
    """The last part of what a name, attribute, call or subscript names."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Call():
            return called(node.func)
        case ast.Subscript():
            return called(node.value)
        case ast.Constant(value=str(text)):  # an annotation in quotes
            return text.rpartition(".")[2]
        case _:
            return ""


def needs_arguments(function: Function, *, is_method: bool = False) -> bool:
    """Whether it cannot be called as it is."""
    given = function.args
    positional = [*given.posonlyargs, *given.args][1 if is_method else 0 :]
    missing = len(positional) > len(given.defaults)
    return missing or any(default is None for default in given.kw_defaults)


def functions(tree: ast.Module | ast.ClassDef) -> dict[str, Function]:
    return {node.name: node for node in tree.body if isinstance(node, Function)}


def calls(nodes: list[ast.stmt]) -> Iterator[ast.Call]:
    """Every call in the statements, those inside functions and classes included."""
    for statement in nodes:
        yield from (node for node in ast.walk(statement) if isinstance(node, ast.Call))


def imported(tree: ast.Module) -> set[str]:
    """The whole names of what a file imports, without those that begin with a dot."""
    found = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def asks_for_arguments(nodes: list[ast.stmt]) -> bool:
    """Whether the statements cannot be run without arguments on the command line."""
    text = "\n".join(map(ast.unparse, nodes))
    return any(map(_is_required, calls(nodes))) or ("sys.argv[1]" in text and "len(sys.argv)" not in text)


def _is_required(call: ast.Call) -> bool:
    """Of argparse: an option that has to be given, or an argument without a dash."""
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    first = ast.unparse(call.args[0]) if call.args else ""
    is_place = first[1:2].isalpha() and given.get("nargs") not in ("'?'", "'*'")
    return called(call) == "add_argument" and (is_place or given.get("required") == "True")


def kicks_off(nodes: list[ast.stmt]) -> bool:
    return any(isinstance(call.func, ast.Attribute) and call.func.attr in KICKOFFS for call in calls(nodes))


def main_guard(tree: ast.Module) -> list[ast.stmt]:
    """The statements below `if __name__ == "__main__":`."""
    for node in tree.body:
        if isinstance(node, ast.If) and any(
            isinstance(one, ast.Name) and one.id == "__name__" for one in ast.walk(node.test)
        ):
            return node.body
    return []


def runs_on_import(tree: ast.Module) -> bool:
    """Whether merely importing the file starts a crew or a flow."""
    guarded = main_guard(tree)
    top = [
        node
        for node in tree.body
        if not isinstance(node, Function | ast.ClassDef) and not (isinstance(node, ast.If) and node.body is guarded)
    ]
    return kicks_off(top)
