"""One JSON answer of a server: as it came (for --json), and read as a model (for people)."""

from __future__ import annotations

from typing import TypeVar

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

from stepcrew_cli.errors import ServerTrouble

Model = TypeVar("Model", bound=BaseModel)


class Answer:
    """Raises ServerTrouble when the answer is not JSON, or `read` finds another shape than asked for."""

    def __init__(self, response: httpx.Response) -> None:
        try:
            self.data: JsonValue = response.json()
        except ValueError:
            raise ServerTrouble(
                f"The server answered {response.status_code} with something that is not JSON.",
                remedy="Is --url the address of a Stepcrew API?",
            ) from None
        self.etag: str | None = response.headers.get("ETag")
        self.retry_after = retry_after_seconds(response)

    def read(self, model: type[Model]) -> Model:
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise ServerTrouble(f"The server's answer is not a {model.__name__}: {error}") from error


def retry_after_seconds(response: httpx.Response) -> float | None:
    """The header's seconds; its date form is not used by our API and counts as absent."""
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
