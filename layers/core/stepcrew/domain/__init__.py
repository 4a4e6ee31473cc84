"""Pure rules and shapes: no I/O, no AWS, no CrewAI."""
