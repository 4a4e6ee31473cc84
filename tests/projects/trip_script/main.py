import os

from agents import TripAgents
from crewai import Crew
from dotenv import load_dotenv
from tasks import TripTasks

load_dotenv()


class TripCrew:
    def __init__(self, origin, city):
        self.origin = origin
        self.city = city

    def run(self):
        agents, tasks = TripAgents(), TripTasks()
        guide, writer = agents.guide(), agents.writer(os.getenv("TRIP_STYLE", "quiet"))
        look = tasks.look_around(guide, self.origin, self.city)
        plan = tasks.plan(writer, [look])
        crew = Crew(agents=[guide, writer], tasks=[look, plan], verbose=True)
        return crew.kickoff()


if __name__ == "__main__":
    print("## Welcome to Trip Planner Crew")
    origin = input("From where will you be travelling from? ")
    city = input("Where do you want to go? ")
    result = TripCrew(origin, city).run()
    with open("itinerary.md") as written:
        assert written.read() == str(result)
    print(result)
