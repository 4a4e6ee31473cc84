"""The function that reads files ahead of the first execution, and asks embedding models for the API."""
