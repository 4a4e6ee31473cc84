"""Names that a project reads from its environment, as far as its files tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from stepcrew_cli.deploying.dependencies import read_text
from stepcrew_cli.deploying.syntax import Function, called, calls

EXAMPLES = (".env", ".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", "example.env")
"""Files that name variables. Their values are neither read here nor shipped."""
LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)
SECRET = re.compile(r"^[A-Z][A-Z0-9_]{0,99}$")
"""A name that a secret can have."""
OF_A_KEY = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD)(_ID|_?\d+)?$")
"""What a name of a key ends with: nobody has a value of their own for it."""

KEYS = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "claude": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "google": "GOOGLE_API_KEY",
    "azure": "AZURE_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "cerebras": "CEREBRAS_API_KEY",
    "together": "TOGETHER_API_KEY",
    "cohere": "COHERE_API_KEY",
    "nvidia": "NVIDIA_NIM_API_KEY",
    "huggingface": "HF_API_KEY",
}
"""The key that a provider's client reads by itself, by a word that files of a project with such a model hold. OpenAI is
what CrewAI takes where nothing is named."""
TEXTS = (".py", ".yaml", ".yml", ".json", ".jsonc")


def environment_names(root: Path, files: Iterable[Path], trees: Collection[ast.Module]) -> list[str]:
    """Only names that a secret can have: nothing else could fill them."""
    read = {name for tree in trees for name in _read(tree)} | _read_by_helpers(trees)
    listed = {name for file in EXAMPLES if (root / file).is_file() for name in _names_in(root / file)}
    return sorted({name for name in read | listed if SECRET.match(name)} | _model_keys(files))


def kept_names(root: Path) -> list[str]:
    """Those in `.env`, which stays where it is."""
    file = root / EXAMPLES[0]
    return sorted(set(_names_in(file))) if file.is_file() else []


def needed_names(root: Path, trees: Mapping[Path, ast.Module]) -> dict[str, str]:
    """Those that the code takes for granted, each with the place that does: `os.environ[NAME]`, and nothing anywhere
    that does without it, sets it, or looks whether it is there."""
    taken = [
        (name, f"{file.relative_to(root).as_posix()}:{line}")
        for file, tree in trees.items()
        for name, line in _taken(tree)
        if SECRET.match(name)
    ]
    optional = {name for tree in trees.values() for name in _done_without(tree)}
    return {name: place for name, place in reversed(taken) if name not in optional}


def defaulted_names(trees: Collection[ast.Module]) -> set[str]:
    """Those for which the code has a value of its own, and which it never takes for granted; none is a key's."""
    given = set[str]()
    taken = set[str]()
    for tree in trees:
        given |= set(_with_default(tree))
        taken |= {name for name, _ in _taken(tree)}
    given |= _read_by_helpers(trees, only_lenient=True)
    return {name for name in given - taken if not OF_A_KEY.search(name)}


def _names_in(file: Path) -> list[str]:
    return LINE.findall(read_text(file, "replace"))


def _model_keys(files: Iterable[Path]) -> set[str]:
    texts = [file.read_text(encoding="utf-8", errors="replace").lower() for file in files if file.suffix in TEXTS]
    return {key for word, key in KEYS.items() if word == "openai" or any(f"{word}/" in text for text in texts)}


def _read(tree: ast.Module) -> Iterator[str]:
    yield from (name for name, _ in _taken(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if _may_answer_nothing(function):
                yield name
            case _:
                pass
    yield from (name for name, _ in _settings(tree))


def _helpers(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Functions that read a variable whose name they are given, with the place of that argument, and whether they do
    without its value."""
    for function in ast.walk(tree):
        if not isinstance(function, Function):
            continue
        names = [one.arg for one in function.args.args if one.arg not in ("self", "cls")]
        for node in ast.walk(function):
            match node:
                case ast.Call(func=reader, args=[ast.Name(id=name), *_]) if name in names:
                    if _may_answer_nothing(reader):
                        yield function.name, names.index(name), True
                case ast.Subscript(value=value, slice=ast.Name(id=name)) if name in names:
                    if called(value) == "environ":
                        yield function.name, names.index(name), False
                case _:
                    pass


def _read_by_helpers(trees: Collection[ast.Module], *, only_lenient: bool = False) -> set[str]:
    helpers = (one for tree in trees for one in _helpers(tree))
    places = {name: place for name, place, is_lenient in helpers if is_lenient or not only_lenient}
    found = set[str]()
    for call in (call for tree in trees for call in calls(tree.body) if called(call) in places):
        place = places[called(call)]
        match call.args[place : place + 1]:
            case [ast.Constant(value=str(name))]:
                found.add(name)
            case _:
                pass
    return found


def _with_default(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case (
                ast.Call(func=function, args=[ast.Constant(value=str(name)), _])
                | ast.Call(func=function, args=[ast.Constant(value=str(name))], keywords=[ast.keyword(arg="default")])
                | ast.BoolOp(op=ast.Or(), values=[ast.Call(func=function, args=[ast.Constant(value=str(name))]), _, *_])
            ) if _may_answer_nothing(function):
                yield name
            case _:
                pass
    yield from (name for name, value in _settings(tree) if isinstance(value, ast.Constant))


def _settings(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None]]:
    """The variables behind the fields of pydantic's settings classes, with what stands behind the `=`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or not any(called(base) == "BaseSettings" for base in node.bases):
            continue
        options = [one for one in ast.walk(node) if isinstance(one, ast.keyword) and one.arg == "env_prefix"]
        prefix = "".join(str(one.value.value) for one in options if isinstance(one.value, ast.Constant))
        for field in node.body:
            match field:
                case ast.AnnAssign(target=ast.Name(id=name), value=value) if name != "model_config":
                    yield f"{prefix}{name}".upper(), value
                case _:
                    pass


def _taken(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Names that are read in a way that fails where they are not set, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
                if called(value) == "environ":
                    yield name, node.lineno
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if called(function) == "require_env":
                yield name, node.lineno
            case _:
                pass


def _done_without(tree: ast.Module) -> Iterator[str]:
    """Names that the code sets itself, asks for without taking them for granted, or whose absence it handles."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="setdefault"), args=[ast.Constant(value=str(name)), *_]):
                yield name
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if _may_answer_nothing(function):
                yield name
            case ast.Subscript(slice=ast.Constant(value=str(name)), ctx=ast.Store()):
                yield name
            case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()]):
                yield name
            case ast.Dict(keys=keys):  # of os.environ.update, or a table of defaults
                yield from (key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
            case ast.Try(body=body, handlers=[_, *_]):
                yield from (name for statement in body for name, _ in _taken(ast.Module([statement], [])))
            case _:
                pass


def _may_answer_nothing(function: ast.expr) -> bool:
    if called(function) in ("getenv", "get_env", "get_from_env"):
        return True
    return isinstance(function, ast.Attribute) and function.attr == "get" and called(function.value) == "environ"
