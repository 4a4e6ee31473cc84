"""What is imported is no garbage: Python looks through it neither while it is imported nor in each of the tests, which
took a fifth of their time. A `conftest.py` imports this before all else."""

from __future__ import annotations

import gc

gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()
