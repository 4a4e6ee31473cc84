"""What sending traces to a collector needs of the outside; as in `ports`."""

from __future__ import annotations

from typing import Protocol

from stepcrew.domain.exporting import CollectorAnswer


class Collector(Protocol):
    """Takes traces by OTLP over HTTP."""

    def post(self, otlp_json: bytes) -> CollectorAnswer:
        """Sends one request, whatever its form on the way is. Never raises for what the collector does or does not do.
        Raises `PlatformUnavailable` when AWS does not tell the headers."""
        ...
