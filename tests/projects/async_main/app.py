import asyncio

from crewai import LLM, Agent, Crew, Task


def create_crew(number=1):
    worker = Agent(role=f"Worker {number}", goal="Work", backstory="Works.", llm=LLM(model="gpt-4o-mini", temperature=0.2))
    job = Task(description="Describe {thing}. [[say It is a {thing}.]]", expected_output="A sentence", agent=worker)
    return Crew(agents=[worker], tasks=[job])


async def main(things=("stone", "leaf")):
    many = await create_crew(1).kickoff_for_each_async(inputs=[{"thing": thing} for thing in things])
    one = await create_crew(2).akickoff(inputs={"thing": "cloud"})
    short = await Agent(role="Critic", goal="Judge", backstory="Strict.", llm="gpt-4o-mini").kickoff_async("Which? [[say The cloud.]]")
    print(" ".join(str(answer) for answer in [*many, one, short]))


if __name__ == "__main__":
    asyncio.run(main())
