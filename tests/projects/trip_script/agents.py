from crewai import Agent
from tools.distances import distance


class TripAgents:
    def guide(self):
        return Agent(role="Local guide", goal="Know every street", backstory="Born there.", tools=[distance])

    def writer(self, style):
        return Agent(role="Writer", goal=f"Write {style} itineraries", backstory="Wrote books about travelling.")
