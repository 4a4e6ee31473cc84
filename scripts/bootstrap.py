"""Makes the virtual environments of this checkout from its pinned requirement files. Standard library only.

    python3 scripts/bootstrap.py                 what the demo needs
    python3 scripts/bootstrap.py dev sam         more environments, by name (`all` for every one that `make test` uses)
    python3 scripts/bootstrap.py --compile       resolves every requirements.in again

An environment is made again when its requirement file or interpreter changed; otherwise nothing is done.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venvs"
PYTHONS = ("python3.13", "python3.12", "python3.11")


class Environment(NamedTuple):
    """A virtual environment: its requirement file (without suffix), the file of dependencies it leaves out, and the
    folders of this checkout that are importable in it."""

    requirements: str
    excluded: str | None = None
    paths: tuple[str, ...] = ()


FIRST_PARTY = (
    *("layers/core", "functions/api", "functions/trace_sink", "functions/reconciler", "functions/trigger"),
    *("functions/announcer", "functions/webhook_sender", "functions/exporter", "functions/runner", "local", "cli"),
)
RUNNER_EXCLUDED = "functions/runner/excluded.txt"
ENVIRONMENTS = {
    "api": Environment("functions/api/requirements"),
    "trace_sink": Environment("functions/trace_sink/requirements"),
    "reconciler": Environment("functions/reconciler/requirements"),
    "trigger": Environment("functions/trigger/requirements"),
    "announcer": Environment("functions/announcer/requirements"),
    "webhook_sender": Environment("functions/webhook_sender/requirements"),
    "exporter": Environment("functions/exporter/requirements"),
    "runner": Environment("functions/runner/requirements", RUNNER_EXCLUDED),
    "local": Environment("requirements/local", paths=("local", "cli", "layers/core")),
    "emulator": Environment("requirements/emulator"),
    "model": Environment("requirements/model", "requirements/model-excluded.txt", paths=("local",)),
    "dev": Environment("requirements/dev", paths=(*FIRST_PARTY, "tests/scripted")),
    "runner-dev": Environment(
        "requirements/runner-dev", RUNNER_EXCLUDED, ("layers/core", "functions/runner", "tests/scripted")
    ),
    "sam": Environment("requirements/sam"),
    "checkov": Environment("requirements/checkov"),
    "audit": Environment("requirements/audit"),
    "collector": Environment("requirements/collector"),
}
ON_DEMAND = ("collector",)
"""Large, and needed by one target only: no part of `all`."""
TOOLS = ("sam", "checkov", "audit", *ON_DEMAND)
"""Their programs load a small part of what is installed: no bytecode is made ahead."""
ZIPS = ("api", "trace_sink", "reconciler", "trigger", "announcer", "webhook_sender", "exporter")
DEMO = (*ZIPS, "runner", "local", "emulator", "model")
LAMBDA_RUNTIME = frozenset(ZIPS)
"""Functions that get boto3 and the runtime client from Lambda; locally both come from `requirements/lambda-runtime`."""


def newest_python() -> str:
    """The newest interpreter we support that really starts (a version manager's shim may exist and not start)."""
    for name in PYTHONS:
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0:
            return subprocess.run(
                [path, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=True
            ).stdout.strip()
    if sys.version_info >= (3, 11):  # noqa: UP036 - this file is run by whatever Python a machine has
        return sys.executable
    raise SystemExit("Stepcrew needs Python 3.11, 3.12 or 3.13: install one of them and run this again.")


def uv() -> str:
    """Path of the pinned uv, installed with pip on first use."""
    pin = (ROOT / "requirements/uv.txt").read_text()
    home = VENVS / "uv"
    stamp = home / "stamp"
    VENVS.mkdir(exist_ok=True)
    with (VENVS / "uv.lock").open("w") as lock:  # `sam build` asks for it several times at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install_uv(home, stamp, pin)
    return str(home / "bin/uv")


def _install_uv(home: Path, stamp: Path, pin: str) -> None:
    if not stamp.exists() or stamp.read_text() != pin:
        print(f"Installing {pin.split()[0]}", flush=True)
        shutil.rmtree(home, ignore_errors=True)
        try:
            venv.create(home, with_pip=True)
        except subprocess.CalledProcessError as error:
            raise SystemExit(
                "This Python cannot make virtual environments (on Debian and Ubuntu: apt install python3-venv)."
            ) from error
        pip = [home / "bin/python", "-m", "pip", "install", "-q", "--require-hashes"]
        subprocess.run([*pip, "-r", ROOT / "requirements/uv.txt"], check=True)
        stamp.write_text(pin)


def run_uv(*arguments: str) -> None:
    environment = os.environ | {"UV_SYSTEM_CERTS": "1", "UV_NO_PROGRESS": "1", "UV_LINK_MODE": "hardlink"}
    environment.pop("VIRTUAL_ENV", None)
    environment.pop("PYTHONPATH", None)
    for attempt in (1, 2, 3):
        if subprocess.run([uv(), *arguments], cwd=ROOT, env=environment).returncode == 0:
            return
        print(f"uv {arguments[0]} failed (try {attempt} of 3)", file=sys.stderr, flush=True)
    raise SystemExit(f"uv {' '.join(arguments)} failed; its message is above.")


def make(name: str, python: str) -> None:
    environment = ENVIRONMENTS[name]
    files = [f"{environment.requirements}.txt"] + (
        ["requirements/lambda-runtime.txt"] if name in LAMBDA_RUNTIME else []
    )
    content = "\n".join([python, *environment.paths, *((ROOT / file).read_text() for file in files)])
    digest = hashlib.sha256(content.encode()).hexdigest()
    home = VENVS / name
    stamp = home / "stamp"
    if stamp.exists() and stamp.read_text() == digest:
        return
    print(f"Preparing .venvs/{name}", flush=True)
    stamp.unlink(missing_ok=True)
    run_uv("venv", "-q", "--clear", "--python", python, str(home))
    # The files are complete: nothing may be added by resolving again (what is excluded would come back).
    requirements = [argument for file in files for argument in ("-r", file)]
    # And nothing may be put in its place: each file downloaded has one of the hashes that were written down.
    checked = ("--no-deps", "--require-hashes", *(() if name in TOOLS else ("--compile-bytecode",)))
    run_uv("pip", "install", "-q", *checked, "-p", str(home / "bin/python"), *requirements)
    if environment.paths:
        site = next((home / "lib").glob("python3*/site-packages"))
        (site / "stepcrew-checkout.pth").write_text("".join(f"{ROOT / path}\n" for path in environment.paths))
    stamp.write_text(digest)


def compile_requirements() -> None:
    """Pins every requirement file, with the hashes of what may be installed. Universal over Python 3.11 to 3.13,
    without index addresses."""
    sources = {environment.requirements: environment.excluded for environment in ENVIRONMENTS.values()}
    for source, excluded in {"requirements/uv": None, "requirements/lambda-runtime": None, **sources}.items():
        print(f"Compiling {source}.txt", flush=True)
        run_uv(
            *("pip", "compile", "-q", "--universal", "--python-version", "3.11", "--no-emit-index-url", "--no-header"),
            "--generate-hashes",
            *(("--override", excluded) if excluded else ()),
            *(f"{source}.in", "-o", f"{source}.txt"),
        )
        compiled = ROOT / f"{source}.txt"
        compiled.write_text(without_excluded(compiled.read_text()))


def without_excluded(compiled: str) -> str:
    """Drops the excluded packages, which uv keeps as lines with a marker that never holds."""
    entry = r"^\S[^\n]*sys_platform == 'never'[^\n]*\n(?:[ \t]+(?:#|--hash=)[^\n]*\n)*"
    return re.sub(entry, "", compiled, flags=re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*ENVIRONMENTS, "all", []])
    parser.add_argument("--compile", action="store_true", help="resolve and pin every requirement file again")
    options = parser.parse_args()
    if options.compile:
        compile_requirements()
        return
    names: list[str] = options.names or list(DEMO)
    python = newest_python()
    if "all" in names:
        names = [name for name in ENVIRONMENTS if name not in ON_DEMAND]
    for name in names:
        make(name, python)


if __name__ == "__main__":
    main()
