from textwrap import dedent

from crewai import Task


class TripTasks:
    def look_around(self, agent, origin, city):
        description = dedent(f"""
            How far is it from {origin} to {city}? [[tool distance {{"start": "{origin}", "end": "{city}"}}]]
            [[say Very far.]]
        """)
        return Task(description=description, expected_output="A distance", agent=agent)

    def plan(self, agent, context):
        return Task(
            description="Write the itinerary. [[say Day one: walk.]]",
            expected_output="An itinerary",
            agent=agent,
            context=context,
            output_file="itinerary.md",
        )
