"""Imports a project's entry as if the process had just begun: its modules hold nothing of an earlier execution."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any, cast

from crewai import Crew
from crewai.flow.flow import Flow

from stepcrew.domain.errors import Category, StepcrewError


class EntryNotUsable(StepcrewError):
    """The entry is not there, or makes neither a crew nor a flow."""

    category = Category.CREW
    remedy = "Name the entry as module:object with `stepcrew deploy --entry`, and deploy again."


def import_paths(root: Path) -> list[str]:
    """What a project in this folder expects to find itself on: its `src` folder, if it has one, and itself."""
    return [str(folder) for folder in (root / "src", root) if folder.is_dir()]


def load_entry(entry: str, root: Path) -> Crew | Flow[Any]:
    """A new crew or flow object. `entry` is `module:object`.

    Raises:
        EntryNotUsable: see there. What the project's own code raises on import comes through.
    """
    _forget(root)
    for path in reversed(import_paths(root)):
        if path not in sys.path:
            sys.path.insert(0, path)
    importlib.invalidate_caches()
    module_name, _, name = entry.partition(":")
    module = importlib.import_module(module_name)
    found = getattr(module, name, None)
    if found is None:
        raise EntryNotUsable(f"The module {module_name} has no {name}.")
    return made_by(found, entry)


def made_by(found: Any, entry: str) -> Crew | Flow[Any]:
    """The crew or flow behind an entry: the object itself, or what its class or function makes without arguments."""
    made = found() if inspect.isclass(found) else found
    if not isinstance(made, Crew | Flow):
        crew = getattr(made, "crew", None)
        if callable(crew):  # an object of a class marked with @CrewBase
            made = crew()
        elif callable(made):
            made = made()
    if isinstance(made, Crew | Flow):
        return cast("Crew | Flow[Any]", made)
    raise EntryNotUsable(f"The entry {entry} makes a {type(made).__name__}, not a crew or a flow.")


def _forget(root: Path) -> None:
    """Removes every module that was imported from below the folder."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(root):
            del sys.modules[name]
