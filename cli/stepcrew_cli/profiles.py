"""Named profiles: for each server its address, where to sign in, and the tokens that signing in gave.

One file a profile, readable and writable by its owner only, in a folder that only its owner may open. Writing replaces
the whole file at once, so a reader never sees half of one.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from stepcrew_cli.errors import CliError

DEFAULT_PROFILE = "default"
FOLDER_VARIABLE = "STEPCREW_CONFIG_DIR"
SCOPE = "openid email profile"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_SUFFIX = ".json"

TokenKind = Literal["access_token", "id_token"]


class Tokens(BaseModel):
    """What the issuer gave. `expires_at` is when the token that is sent ends, in seconds since 1970."""

    access_token: str
    id_token: str | None = None
    refresh_token: str | None = None
    expires_at: float


class Profile(BaseModel):
    """One server and how to sign in to it. `sends` is the kind of token its API takes."""

    model_config = ConfigDict(extra="forbid")

    url: str
    issuer: str
    client_id: str
    scope: str = SCOPE
    audience: str | None = None
    sends: TokenKind = "access_token"
    tokens: Tokens | None = None

    @property
    def sent_token(self) -> str | None:
        """The token to send; None when nobody is signed in."""
        if self.tokens is None:
            return None
        return self.tokens.id_token if self.sends == "id_token" else self.tokens.access_token


class Profiles:
    """The profiles in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob(f"*{_SUFFIX}")) if self.folder.is_dir() else []

    def find(self, name: str) -> Profile | None:
        """None when there is no profile of that name. Raises CliError when its file cannot be read."""
        path = self._path(name)
        try:
            return Profile.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise CliError(
                f"The profile {name} cannot be read from {path}.",
                remedy="Remove that file and sign in again: stepcrew login.",
            ) from error

    def get(self, name: str) -> Profile:
        """Raises CliError, naming the profiles there are, when there is none of that name."""
        profile = self.find(name)
        if profile is None:
            known = ", ".join(self.names())
            raise CliError(
                f"There is no profile named {name}.",
                remedy=f"Make it with: stepcrew login --profile {name} --url URL"
                + (f". Profiles there are: {known}." if known else ""),
            )
        return profile

    def save(self, name: str, profile: Profile) -> None:
        path = self._path(name)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes the file with mode 0600: https://docs.python.org/3/library/tempfile.html#tempfile.mkstemp
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=f".{name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(profile.model_dump_json(indent=2, exclude_none=True))
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def remove(self, name: str) -> bool:
        """Removes the profile; answers False when there was none."""
        path = self._path(name)
        found = path.exists()
        path.unlink(missing_ok=True)
        return found

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise CliError(
                f"{name!r} is no name for a profile.",
                remedy="A profile's name has up to 64 letters, digits, dots, dashes and underscores.",
            )
        return self.folder / f"{name}{_SUFFIX}"


def profiles_folder(environment: Mapping[str, str]) -> Path:
    """`STEPCREW_CONFIG_DIR`, else the folder for settings of programs that this system has (~/.config/stepcrew)."""
    chosen = environment.get(FOLDER_VARIABLE)
    return Path(chosen) if chosen else Path(typer.get_app_dir("stepcrew")) / "profiles"


def stored_profiles() -> Profiles:
    return Profiles(profiles_folder(os.environ))
