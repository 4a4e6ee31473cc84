"""What every test shares: the environment the template gives the functions, and no way to a real AWS account."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
LONGEST = "faults"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where workers share the tests (`-n`, `--dist loadgroup`), a folder's tests stay together, so that its stack is
    started once; the folder that takes longest comes first."""
    folders = {item: item.path.relative_to(FOLDER).parts[0] for item in items}
    for item, folder in folders.items():
        item.add_marker(pytest.mark.xdist_group(folder))
    items.sort(key=lambda item: folders[item] != LONGEST)
