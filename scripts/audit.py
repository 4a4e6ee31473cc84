"""Asks the public databases which pinned packages have known vulnerabilities, and writes the bill of materials.

    make audit                                   everything that is pinned
    .venvs/audit/bin/python scripts/audit.py runner console --osv-url http://…

The bills are CycloneDX documents in build/sbom/, one for each file of pinned requirements and one for the console,
made of these files alone. Exit status: 0 when every package was looked up and none has a known vulnerability, 1 when
one has, 2 when a database did not answer, so that nothing is known.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".venvs/audit/bin"
BILLS = ROOT / "build/sbom"
CONSOLE = "console"


def pinned() -> dict[str, Path]:
    """The files of pinned requirements, by function or environment: each has the `.in` file it was resolved from."""
    files = [*ROOT.glob("functions/*/requirements.txt"), *ROOT.glob("requirements/*.txt")]
    return {
        file.parent.name if file.stem == "requirements" else file.stem: file
        for file in sorted(files)
        if file.with_suffix(".in").exists()
    }


class NotAnswered(Exception):
    """A database did not say whether a package has vulnerabilities; the text says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = [*pinned(), CONSOLE]
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*every, []], help=", ".join(every))
    parser.add_argument("--osv-url", help="query address of another OSV database than the public one")
    options = parser.parse_args(arguments)
    vulnerable, unanswered = False, False
    BILLS.mkdir(parents=True, exist_ok=True)
    for name in options.names or every:
        try:
            write_bill(name)
            found = in_console() if name == CONSOLE else in_requirements(name, options.osv_url)
        except NotAnswered as error:
            unanswered = True
            print(f"{name}: NOT AUDITED, {error}", flush=True)
            continue
        vulnerable = vulnerable or bool(found)
        print("\n".join([f"{name}: {len(found) or 'no'} known vulnerabilities", *found]), flush=True)
    print(f"The bills of materials are in {BILLS}.")
    if unanswered:
        print("The audit is incomplete: a database did not answer. That is no sign that nothing is known.")
    return 1 if vulnerable else 2 if unanswered else 0


def write_bill(name: str) -> None:
    bill = BILLS / f"{name}.cdx.json"
    if name == CONSOLE:
        bill.write_text(npm("sbom", "--sbom-format=cyclonedx").stdout)
    else:
        tool = [TOOLS / "cyclonedx-py", "requirements", "--output-reproducible", "-o", bill, pinned()[name]]
        subprocess.run(tool, check=True)


def in_requirements(name: str, osv_url: str | None) -> list[str]:
    """The known vulnerabilities of an environment's packages, a line for each."""
    # What pip-audit cannot look up it leaves out and calls the rest clean, so its answer is read package by package.
    options = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json", "-r", pinned()[name]]
    database = ["--vulnerability-service=osv", *(["--osv-url", osv_url] if osv_url else [])]
    asked = subprocess.run([TOOLS / "pip-audit", *database, *options], capture_output=True, text=True)
    try:
        packages: list[dict[str, Any]] = json.loads(asked.stdout)["dependencies"]
    except ValueError as error:
        raise NotAnswered(f"pip-audit ended with: {last_line(asked.stderr)}") from error
    left_out = [package["name"] for package in packages if "vulns" not in package]
    if left_out or not packages:
        raise NotAnswered(f"the database does not know {', '.join(left_out) or 'any of them'}")
    return [
        f"  {package['name']} {package['version']}: {vuln['id']}"
        f", fixed in {', '.join(vuln['fix_versions']) or 'no version'}"
        for package in packages
        for vuln in package["vulns"]
    ]


def in_console() -> list[str]:
    """The console's packages with known vulnerabilities, those that build it included, a line for each."""
    asked = npm("audit", "--json")
    try:
        answer: dict[str, Any] = json.loads(asked.stdout)
        packages: dict[str, dict[str, Any]] = answer["vulnerabilities"]
    except (ValueError, KeyError) as error:
        raise NotAnswered(f"npm ended with: {last_line(asked.stderr)}") from error
    # A package that only depends on a vulnerable one names that package instead of what is wrong.
    return [
        f"  {name} {wrong['range']}: {wrong['title']} ({wrong['severity']}, {wrong['url']})"
        for name, found in packages.items()
        for wrong in found["via"]
        if isinstance(wrong, dict)
    ]


def npm(command: str, option: str) -> subprocess.CompletedProcess[str]:
    path = shutil.which("npm")
    if path is None:
        raise NotAnswered("npm is not installed")
    ask = [path, command, option, "--package-lock-only"]
    return subprocess.run(ask, cwd=ROOT / CONSOLE, capture_output=True, text=True)


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and "complete log of this run" not in line]
    return lines[-1].strip() if lines else "no message"


if __name__ == "__main__":
    raise SystemExit(main())
