"""Routes are imported at the first request below their first segment."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import pytest

from stepcrew_api import routes
from stepcrew_api.app import MODULES

NAMES = [one.name for one in iter_modules(routes.__path__)]
WITH_ROUTES = [name for name in NAMES if hasattr(import_module(f"stepcrew_api.routes.{name}"), "router")]


@pytest.mark.parametrize("name", WITH_ROUTES)
def test_a_module_is_named_for_the_first_segment_of_each_of_its_paths(name: str) -> None:
    paths = [route.path for route in import_module(f"stepcrew_api.routes.{name}").router.routes]
    missing = [path for path in paths if name not in MODULES.get(path.split("/")[1], ())]
    assert paths
    assert not missing, f"add {name} to MODULES for {missing}"


def test_only_what_has_routes_is_named() -> None:
    assert {module for modules in MODULES.values() for module in modules} == set(WITH_ROUTES)


def test_putting_the_application_together_imports_no_routes_and_a_route_no_protobuf() -> None:
    probe = (
        "import sys, stepcrew_api.wiring;"
        "print([name for name in sys.modules if name.startswith('stepcrew_api.routes.')]);"
        "import stepcrew_api.routes.results;"
        "print('google.protobuf' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "False"]
