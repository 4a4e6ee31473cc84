"""The runner: one attempt of one execution, with real CrewAI."""
