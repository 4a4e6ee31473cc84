"""The HTTP API: FastAPI behind Mangum."""
