"""Writes docs/openapi.json from the API's code; with --check, fails when the committed one differs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs/openapi.json"


def current() -> str:
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "api")
    from stepcrew.settings import Settings
    from stepcrew_api.wiring import make_app

    return json.dumps(make_app(Settings()).openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        DOCUMENT.write_text(current())
        return 0
    if DOCUMENT.exists() and DOCUMENT.read_text() == current():
        return 0
    print("docs/openapi.json is not what the code says: run scripts/openapi.py and commit it.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
