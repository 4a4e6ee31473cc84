from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.report import NotMeasured
from benchmarks.sizes import built


def test_a_zip_that_was_not_built_stops_the_benchmarks_instead_of_losing_its_row(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match=r"ApiFunction is not built.*make build"):
        built("ApiFunction", tmp_path)

    folder = tmp_path / "ApiFunction" / "ApiFunction"
    folder.mkdir(parents=True)
    (folder / "code.py").touch()
    assert built("ApiFunction", tmp_path) == folder
