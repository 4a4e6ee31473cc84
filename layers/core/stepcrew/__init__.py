"""Stepcrew's first-party core, shared by every function: domain, services (use cases), aws (adapters)."""
