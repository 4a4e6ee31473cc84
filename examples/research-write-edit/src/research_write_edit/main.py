from research_write_edit.crew import ResearchWriteEdit


def run() -> None:
    """Runs the crew on this machine, with CrewAI itself: `crewai run`."""
    inputs = {"topic": "the history of paper"}
    ResearchWriteEdit().crew().kickoff(inputs=inputs)
