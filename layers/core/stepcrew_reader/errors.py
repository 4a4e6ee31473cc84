"""What cannot be read as a crew."""

from __future__ import annotations


class CrewFileError(Exception):
    """A crew file, project folder or inputs file that cannot be turned into a request; `remedy` says what to do about
    it."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
