"""Writes docs/openapi.json from the API's code; with --check, fails when the committed one differs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/openapi.json"
sys.path.insert(0, str(ROOT))

from scripts.document_part import keep  # noqa: E402


def current() -> str:
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "api")
    from stepcrew.settings import Settings
    from stepcrew_api.wiring import make_app

    return json.dumps(make_app(Settings()).openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    stale = "docs/openapi.json is not what the code says: run scripts/openapi.py and commit it."
    return keep(DOCUMENT, __doc__, current, stale)


if __name__ == "__main__":
    sys.exit(main())
