"""The runner's image, as far as its Dockerfile tells."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from functions.runner.install_packages import remove_unused

from stepcrew_local.layout import ROOT

DOCKERFILE = ROOT / "functions/runner/Dockerfile"


def steps() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined) if word]


def test_the_images_build_runs_nothing_but_python() -> None:
    """AWS's image for Python 3.13 has no find, tar, gcc or git: it is built on AL2023's minimal container image.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-image.html#python-image-base
    """
    commands = [rest for word, rest in steps() if word in ("RUN", "ENTRYPOINT")]

    # The list form runs without a shell, so no other program can hide in the line.
    assert len(commands) == 3
    assert {json.loads(command)[0] for command in commands} == {"python3"}


def test_everything_the_image_copies_is_in_the_repository_and_in_the_builds_context() -> None:
    copied = [shlex.split(rest) for word, rest in steps() if word == "COPY" and "--from=" not in rest]
    sources = [source for words in copied for source in words[:-1]]

    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert set(sources) == let_through  # everything else stays out of the build's context


def test_only_folders_of_tests_and_caches_are_left_out_of_the_packages(tmp_path: Path) -> None:
    for name in ("some/code.py", "some/tests/test_it.py", "some/deep/tests/data/x.json", "some/__pycache__/code.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "some/testsuite.py").touch()

    remove_unused(tmp_path)

    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"code.py", "testsuite.py"}
