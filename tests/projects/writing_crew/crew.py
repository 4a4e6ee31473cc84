from pathlib import Path

from crewai import Agent, Crew, Task
from crewai.tools import tool


@tool("draw")
def draw(name: str) -> str:
    """Draws a picture."""
    pictures = Path("output/pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / f"{name}.bin").write_bytes(b"\x00\xff" + name.encode())
    Path("scratch.txt").write_text("Nobody asked for it.")
    return "It is drawn."


writer = Agent(role="Writer", goal="Write", backstory="Old", tools=[draw])
report = Task(
    description='Write. [[tool draw {"name": "a b"}]] [[say # Report of the board of directors]]',
    expected_output="Text",
    agent=writer,
    output_file="report.md",
)
data = Task(description='[[json {"n": 1}]]', expected_output="JSON", agent=writer, output_file="output/data.json")
crew = Crew(agents=[writer], tasks=[report, data])
