from crewai.tools import tool


@tool("distance")
def distance(start: str, end: str) -> str:
    """Tells how far it is between two places."""
    return f"{len(start) + len(end)} km"
