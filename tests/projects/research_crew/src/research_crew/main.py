from research_crew.crew import ResearchCrew


def run():
    inputs = {"topic": "AI agents"}
    ResearchCrew().crew().kickoff(inputs=inputs)
