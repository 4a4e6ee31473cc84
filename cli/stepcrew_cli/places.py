"""Where things lie: in a checkout beside this package, after an installation inside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def checkout() -> Path | None:
    """The folder of the repository; None for an installed command line."""
    return _CHECKOUT if (_CHECKOUT / "local" / "stepcrew_local").is_dir() else None


def examples_folder() -> Path:
    packaged = _PACKAGE / "examples"
    return packaged if packaged.is_dir() else _CHECKOUT / "examples"
