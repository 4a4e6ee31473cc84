from __future__ import annotations

from typing import Any

import pytest

from stepcrew_local.layout import TEMPLATE
from stepcrew_local.template import read_template


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml with its short tags spelled out (`!Ref X` is {"Ref": "X"}); not to be changed."""
    return read_template(TEMPLATE)
