"""What every test shares: the environment the template gives the functions, and no way to a real AWS account."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.light_gc import pytest_collection_finish as pytest_collection_finish

os.environ.update(
    {
        "POWERTOOLS_SERVICE_NAME": "stepcrew",
        "POWERTOOLS_METRICS_NAMESPACE": "Stepcrew",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
)

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where workers share the tests (`-n 2 --dist loadgroup`), those of a folder stay together: its stack is started
    once. Tests in a browser that look at recorded answers need none, and go wherever there is room."""
    for item in items:
        if item.get_closest_marker("browser") and "stack_url" not in getattr(item, "fixturenames", ()):
            continue
        item.add_marker(pytest.mark.xdist_group(item.path.relative_to(FOLDER).parts[0]))
