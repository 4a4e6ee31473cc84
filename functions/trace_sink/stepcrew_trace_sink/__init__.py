"""The trace sink: queue messages become stored trace events."""
