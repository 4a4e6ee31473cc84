"""The version the API tells."""

VERSION = "0.1.0"
