"""From a definition to CrewAI's objects, and one run of them."""
