"""CrewAI's tools that need keys, each given its keys alone.

The originals read them from the environment of the process, some whenever they are called: an abandoned call would find
the key of whoever runs then. So such a tool is made from modules of its own, whose `os` has its keys and nothing else.
Adapted to crewai-tools 1.15.30, of whose modules these read nothing of `os` but the environment.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

from stepcrew_runner.crew.seams import SeamMissing


class Environment:
    """Stands for the module `os`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.environ = dict(values)
        self.getenv = self.environ.get


def own_modules(paths: Sequence[str], keys: Mapping[str, str]) -> ModuleType:
    """The last of these modules, executed anew with the keys; those before it hold what its class is made of.

    Raises:
        SeamMissing: none of them reads an environment any more.
    """
    originals = {path: importlib.import_module(path) for path in paths}
    made = [importlib.util.module_from_spec(spec) for one in originals.values() if (spec := one.__spec__)]
    readers = [module for module in made if hasattr(originals[module.__name__], "os")]
    if not readers:
        raise SeamMissing(f"{paths[-1]} takes its keys from somewhere else now. See crew/keyed_tools.py.")
    try:
        for module in made:
            sys.modules[module.__name__] = module  # where the next one finds it
            if module.__spec__ and module.__spec__.loader:
                module.__spec__.loader.exec_module(module)
            if module in readers:
                setattr(module, "os", Environment(keys))  # noqa: B010 - a module has no such attribute by its type
    finally:
        sys.modules.update(originals)
    return made[-1]
