"""Environments and packages of projects, made with uv."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess  # it runs uv, and the project's own Python in an environment of its own
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from stepcrew_cli.deploying.dependencies import PLACE
from stepcrew_cli.deploying.finding import Project
from stepcrew_cli.deploying.wire import ProjectRuntime
from stepcrew_cli.errors import CliError
from stepcrew_reader.errors import CrewFileError

INSPECTOR = Path(__file__).with_name("inspect_entry.py")
GIVEN = ("crewai", "crewai-tools")
"""What the platform has in its own version."""
HOST = "host"
INSPECT_SECONDS = 120
UNNAMED = re.compile(r"-|\.\.?$|[\w.-]*/|\w[\w+.-]*:")
"""What a line begins with that names no package: an option, a path, an address."""
MOVED = re.compile(r"cannot import name '(BaseTool|tool)' from 'crewai_tools")
GONE = re.compile(r"cannot import name '\w+' from 'crewai|No module named 'crewai[_.]")
"""Faults of code that was written for another version of CrewAI."""
WITHOUT_WHEEL = re.compile(r"Wheels are required for `([^`]+)`")
"""In uv's words."""
REQUIRES = "import importlib.metadata, sys; print(*importlib.metadata.requires(sys.argv[1]) or (), sep='\\n')"
NO_KEY = "no-key-while-it-is-inspected"


class Packages:
    """What a project needs beside what the runner has."""

    def __init__(self, runtime: ProjectRuntime, cache: Path) -> None:
        self._runtime = runtime
        self._cache = cache

    def resolve(self, project: Project, *, any_crewai: bool) -> list[str]:
        """As `name==version`, or by their address, without what the runner has. With `any_crewai`, the runner's
        versions take the place of those that the project asks for.

        Raises:
            CrewFileError: the project asks for other versions than the runner has.
            CliError: no versions fit together; the reason is uv's own.
        """
        versions = self._versions()
        others: list[str] = []
        clashes: list[tuple[Requirement, str]] = []
        for line in project.dependencies:
            one = None if UNNAMED.match(line) else _requirement(line)
            if one is None or not self._applies(one):
                others.append(line)
                continue
            name = canonicalize_name(one.name)
            has = versions.get(name)
            if has and (one.url or not one.specifier.contains(has, prereleases=True)):
                clashes.append((one, f"{name} {has}"))
            if name in GIVEN:
                others += self._of_extras(name, sorted(one.extras))
            elif not (any_crewai and has):
                others.append(str(one))
        if clashes and not any_crewai:
            asked, runs = (", ".join(map(str, each)) for each in zip(*clashes, strict=True))
            raise CrewFileError(
                f"The project asks for {asked}, and the platform runs {runs}.",
                remedy="Widen it in the project's dependencies, or deploy with --platform-crewai to run it on what the "
                "platform has.",
            )
        if all(line.startswith("-") for line in others):
            return []
        with tempfile.TemporaryDirectory() as folder:
            constraints = Path(folder) / "runner-packages.txt"
            constraints.write_text("\n".join(self._runtime.packages))
            arguments = ["pip", "compile", "-", "-c", str(constraints), "--no-header", "--no-annotate", "--quiet"]
            done, _ = self._uv(arguments, others, project.root)
        lines = [line.partition(" ;")[0].strip() for line in done.splitlines() if not line.startswith("-")]
        return [line for line in lines if line and canonicalize_name(re.split(r"[ =\[@]", line)[0]) not in versions]

    def _of_extras(self, name: str, extras: Sequence[str]) -> list[str]:
        """What the extras of a given package ask for, without what the runner leaves out on purpose: of `tools`, the
        tools themselves, which it has."""
        if not extras or set(extras) <= {"tools"}:
            return []
        listed = subprocess.run(
            [str(self.python()), "-c", REQUIRES, name], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        found = [_requirement(line) for line in listed]
        return [
            f"{one.name}{one.specifier}"
            for one in found
            if canonicalize_name(one.name) not in GIVEN
            and one.marker is not None
            and any(one.marker.evaluate({"extra": extra}) for extra in extras)
            and not one.marker.evaluate({"extra": ""})
        ]

    def install(self, project: Project, packages: Sequence[str], folder: Path) -> None:
        """Puts them into the folder. For another machine nothing is compiled here: what has no wheel for it may be
        packed here if it is plain Python. Raises CrewFileError where it is not."""
        if not packages:
            return
        places = [line for line in project.dependencies if PLACE.match(line)]
        arguments = ["pip", "install", "-r", "-", "--no-deps", "--quiet", "--target", str(folder)]
        _, packed = self._uv(arguments, [*places, *packages], project.root)
        for about in folder.glob("*.dist-info") if self._runtime.platform != HOST else ():
            name = canonicalize_name(about.name.partition("-")[0])
            is_packed_here = name in packed or (about / "direct_url.json").exists()
            if is_packed_here and "Root-Is-Purelib: true" not in (about / "WHEEL").read_text():
                raise CrewFileError(
                    f"The package {name} has no wheel for {self._runtime.platform} and is compiled on installing it.",
                    remedy="Ask for a version that has one, or do without it: Lambda's machine is not this one.",
                )

    def _uv(self, arguments: Sequence[str], lines: Sequence[str], root: Path) -> tuple[str, set[str]]:
        """What uv answers to requirement lines, in the project's folder, and which packages may be packed here, because
        they are published without a wheel for the runner's machine."""
        packed: set[str] = set()
        while True:
            wheels = [] if self._runtime.platform == HOST else ["--only-binary", ":all:"]
            wheels += [part for name in sorted(packed) for part in ("--no-binary", name)]
            try:
                return _uv([*arguments, *wheels, *self._target()], input="\n".join(lines), cwd=root), packed
            except CliError as error:
                more = {canonicalize_name(name) for name in WITHOUT_WHEEL.findall(error.message)} - packed
                if not more:
                    raise
                packed |= more

    def _applies(self, one: Requirement) -> bool:
        """Whether it is meant for the runner's machine and Python."""
        return one.marker is None or one.marker.evaluate({**self._python(), "extra": ""})

    def python(self) -> Path:
        """An interpreter of this machine with the runner's packages, made once. It is made elsewhere and gets its name
        when it is whole: another deployment may make it at the same time, and each may die while it does."""
        digest = hashlib.sha256("\n".join([self._runtime.python, *self._runtime.packages]).encode()).hexdigest()[:16]
        home = self._cache / f"runner-{digest}"
        if not home.exists():
            self._cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._cache) as folder:
                made = Path(folder) / "made"
                _uv(["venv", "--quiet", "--relocatable", "--python", self._runtime.python, str(made)])
                into = ["--python", str(made / "bin" / "python")]
                _uv(
                    ["pip", "install", "--quiet", "--no-deps", *into, "-r", "-"],
                    input="\n".join(self._runtime.packages),
                )
                try:
                    made.rename(home)
                except OSError:
                    if not home.exists():
                        raise
        return home / "bin" / "python"

    def _versions(self) -> dict[str, str]:
        """The runner's packages, by normalised name."""
        held = [one for one in map(Requirement, self._runtime.packages) if self._applies(one)]
        return {canonicalize_name(one.name): next(iter(one.specifier)).version for one in held}

    def _python(self) -> dict[str, str]:
        python = self._runtime.python
        linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
        return {"python_version": python, "python_full_version": f"{python}.0", **linux}

    def _target(self) -> list[str]:
        platform = [] if self._runtime.platform == HOST else ["--python-platform", self._runtime.platform]
        return ["--python-version", self._runtime.python, *platform]


def inspect(
    project: Project, python: Path, packages: Path, environment: Mapping[str, str], *, as_tool: bool = False
) -> dict[str, Any]:
    """Imports the entry in a clean process, in a copy of what the bundle will hold, and answers what it is.

    Raises:
        CrewFileError: the import failed; the file and line are the project's own.
    """
    settings = {name: environment[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in environment}
    for name in project.environment:
        if value := environment.get(name) or ("" if name in project.defaulted else NO_KEY):
            settings[name] = value
    settings |= {"PYTHONPATH": str(packages), "CREWAI_DISABLE_TELEMETRY": "true", "OTEL_SDK_DISABLED": "true"}
    settings |= {"CREWAI_TESTING": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        for file in project.files:
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(project.root / file, copy / file)
        kind = "--tool" if as_tool else "--script" if project.is_script else "--object"
        report = _report([str(python), str(INSPECTOR), str(copy), project.entry, kind], settings, project.entry)
    if "fault" in report:
        place = ":".join(str(one) for one in (report.get("file"), report.get("line")) if one)
        raise CrewFileError(f"{place or project.entry}: {report['fault']}", remedy=_remedy(report["fault"]))
    return report


def _report(command: list[str], settings: Mapping[str, str], entry: str) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command, env=settings, capture_output=True, text=True, timeout=INSPECT_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise CrewFileError(f"Importing {entry} took longer than {INSPECT_SECONDS} seconds.") from error
    try:
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise CrewFileError(f"Importing {entry} ended the process: {done.stderr[-500:]}") from None
    if str(answer.get("fault", "")).endswith(": "):  # an error without words: what it had printed last may tell
        answer["fault"] += "".join(done.stderr.strip().splitlines()[-1:])
    return answer


def _remedy(fault: str) -> str:
    if moved := MOVED.search(fault):
        return f"The platform's CrewAI has it elsewhere: from crewai.tools import {moved[1]}"
    if GONE.search(fault):
        return "The project was written for another version of CrewAI than the platform's, which has no such name."
    if "ModuleNotFoundError" in fault:
        return "Add the package to the dependencies in pyproject.toml or requirements.txt."
    if NO_KEY in fault.lower():
        return (
            "A name of the environment that is set nowhere holds this text while a project is inspected. "
            "Set the one that is read there, as in NAME=value stepcrew deploy PATH."
        )
    return ""


def _requirement(line: str) -> Requirement:
    try:
        return Requirement(line)
    except InvalidRequirement as error:
        raise CrewFileError(f"The dependency {line!r} cannot be read: {error}") from error


def _uv(arguments: Sequence[str], **options: Any) -> str:
    done = subprocess.run(
        [find_uv_bin(), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "UV_NO_PROGRESS": "1"},
        **options,
    )
    if done.returncode:
        raise CliError(f"The project's packages cannot be installed:\n{done.stderr.strip()[-2000:]}")
    return str(done.stdout)
