"""What is installed is what was pinned: versions with hashes, and no installer that does without them."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path

import pytest
from scripts import audit, build_zip
from scripts.bootstrap import ROOT

INSTALLERS = ("scripts/bootstrap.py", "scripts/build_zip.py", "functions/runner/install_packages.py")
NAME = "tiny_for_a_test"


@pytest.mark.parametrize("name", audit.pinned())
def test_each_pinned_package_has_its_version_and_hashes(name: str) -> None:
    lines = [line for line in audit.pinned()[name].read_text().splitlines() if not line.lstrip().startswith("#")]
    entries = re.split(r"\n(?=\S)", "\n".join(lines).strip())

    assert entries
    assert [
        entry for entry in entries if not re.match(r"[\w.\[\],-]+==\S+ .*\\\n +--hash=sha256:[0-9a-f]{64}", entry)
    ] == []


@pytest.mark.parametrize("file", INSTALLERS)
def test_no_installer_takes_what_has_no_hash(file: str) -> None:
    text = (ROOT / file).read_text()
    # One demand for each installation, told from what only prepares one.
    assert len(re.findall(r'"install"', text)) == text.count('"--require-hashes"') > 0


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that an index could answer with, found in this folder alone."""
    made = tmp_path / "wheels" / f"{NAME}-1.0-py3-none-any.whl"
    made.parent.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{NAME}.py", "")
        archive.writestr(f"{NAME}-1.0.dist-info/METADATA", metadata)
        archive.writestr(
            f"{NAME}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{NAME}-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("UV_FIND_LINKS", str(made.parent))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    return made


@pytest.mark.parametrize("replaced", [False, True])
def test_a_package_that_was_replaced_after_it_was_pinned_is_not_built_in(
    wheel: Path, tmp_path: Path, replaced: bool
) -> None:
    function, target = tmp_path / "function", tmp_path / "built"
    function.mkdir()
    digest = hashlib.sha256(b"another file" if replaced else wheel.read_bytes()).hexdigest()
    (function / "requirements.txt").write_text(f"{NAME}==1.0 --hash=sha256:{digest}\n")

    if replaced:
        with pytest.raises(SystemExit, match="failed"):
            build_zip.build(function, target)
    else:
        build_zip.build(function, target)
    assert (target / f"{NAME}.py").exists() is not replaced
