from crewai import Agent, Crew, Task


def shop():
    clerk = Agent(role="Clerk", goal="Serve", backstory="Serves.", llm="gpt-4o-mini")
    note = Task(description="Note what {who} prefers. [[say {who} PREFERS TEA]]", expected_output="A note", agent=clerk)
    embedder = {"provider": "openai", "config": {"model_name": "text-embedding-3-small"}}
    return Crew(name="shop", agents=[clerk], tasks=[note], memory=True, embedder=embedder)
