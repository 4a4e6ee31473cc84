"""Names that a project reads from its environment, as far as its files tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from stepcrew_cli.deploying.dependencies import read_text
from stepcrew_cli.deploying.syntax import called

EXAMPLES = (".env", ".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", "example.env")
"""Files that name variables. Their values are neither read here nor shipped."""
LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)
SECRET = re.compile(r"^[A-Z][A-Z0-9_]{0,99}$")
"""A name that a secret can have."""


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


def environment_names(root: Path, files: Iterable[Path], trees: Iterable[ast.Module]) -> list[str]:
    """Only names that a secret can have: nothing else could fill them."""
    read = {name for tree in trees for name in _read(tree)}
    listed = {name for file in EXAMPLES if (root / file).is_file() for name in LINE.findall(read_text(root / file))}
    return sorted({name for name in read | listed if SECRET.match(name)} | _model_keys(files))


def _model_keys(files: Iterable[Path]) -> set[str]:
    texts = [file.read_text(encoding="utf-8", errors="replace").lower() for file in files if file.suffix in TEXTS]
    return {key for word, key in KEYS.items() if word == "openai" or any(f"{word}/" in text for text in texts)}


def _read(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if _reads(function):
                yield name
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
                if called(value) == "environ":
                    yield name
            case _:
                pass


def _reads(function: ast.expr) -> bool:
    if called(function) in ("getenv", "get_env", "require_env", "get_from_env"):
        return True
    return isinstance(function, ast.Attribute) and function.attr == "get" and called(function.value) == "environ"
