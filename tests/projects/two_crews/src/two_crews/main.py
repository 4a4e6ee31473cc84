import sys

from .config import settings
from .crews import FactsCrew, StoryCrew


def run():
    """Run the crews."""
    inputs = {"topic": "whales", "audience": settings()["audience"]}
    facts = FactsCrew().crew().kickoff(inputs=inputs)
    story = StoryCrew().crew().kickoff(inputs={"fact": facts.raw})
    return {"fact": facts.raw, "story": story.raw}


def train():
    FactsCrew().crew().train(n_iterations=int(sys.argv[1]), filename=sys.argv[2])
