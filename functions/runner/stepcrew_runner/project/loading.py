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


def load_entry(entry: str, root: Path) -> Crew | Flow[Any]:
    """A new crew or flow object. `entry` is `module:object`.

    Raises:
        EntryNotUsable: see there. What the project's own code raises on import comes through.
    """
    module_name, _, name = entry.partition(":")
    prepare_imports(module_name, root)
    module = importlib.import_module(module_name)
    found = getattr(module, name, None)
    if found is None:
        raise EntryNotUsable(f"The module {module_name} has no {name}.")
    return made_by(found, entry)


def made_by(found: Any, entry: str) -> Crew | Flow[Any]:
    """The crew or flow behind an entry: the object itself, or what its class or function makes without arguments."""
    made = found() if inspect.isclass(found) else found
    if not isinstance(made, Crew | Flow):
        crew = getattr(made, "crew", None) or _crew_method(made)
        if callable(crew):  # an object of a class marked with @CrewBase
            made = crew()
        elif callable(made):
            made = made()
    if isinstance(made, Crew | Flow):
        return cast("Crew | Flow[Any]", made)
    raise EntryNotUsable(f"The entry {entry} makes a {type(made).__name__}, not a crew or a flow.")


def _crew_method(made: Any) -> Any:
    """The method that says it makes a crew, where none is called `crew`: @crew leaves no other trace."""
    methods = inspect.getmembers(cast("type[Any]", type(made)), inspect.isfunction)
    found = [name for name, one in methods if one.__annotations__.get("return") in (Crew, "Crew")]
    return getattr(made, found[0]) if len(found) == 1 else None


def file_of(module: str, root: Path) -> Path:
    """The file that is imported under that name."""
    path = module.replace(".", "/")
    places = [base / f"{path}{end}" for base in (root / "src", root) for end in (".py", "/__init__.py")]
    return next((place for place in places if place.is_file()), root / f"{path}.py")


def prepare_imports(module: str, root: Path, *, is_script: bool = False) -> None:
    """A project expects to find itself on its `src` folder and on itself. Beside the entry's file it finds what lies
    there: first of all when the file is run as a script, as Python does it, else after everything else."""
    forget(root)
    beside = str(file_of(module, root).parent)
    ahead = [str(folder) for folder in (root / "src", root) if folder.is_dir()]
    own = {*ahead, beside}
    sys.path[:] = [path for path in sys.path if path not in own]
    sys.path[:0] = list(dict.fromkeys([beside, *ahead] if is_script else ahead))
    if beside not in sys.path:
        sys.path.append(beside)
    importlib.invalidate_caches()


def forget(root: Path) -> None:
    """Removes every module that was imported from below the folder. Another thread may import meanwhile, and a module
    that loads late may do so as it is asked (https://docs.python.org/3/library/sys.html#sys.modules)."""
    for name in [name for name, module in sys.modules.copy().items() if _is_below(module, root)]:
        sys.modules.pop(name, None)


def _is_below(module: Any, root: Path) -> bool:
    file = getattr(module, "__file__", None)
    places = [file] if file else list(getattr(module, "__path__", ()))  # a folder without __init__.py has no file
    return any(Path(place).is_relative_to(root) for place in places)
