"""Tools of CrewAI that find passages by their meaning, over the group's store: in files that the crew names, and in web
pages. Their names are those of crewai-tools, whose own need a vector database in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from crewai.rag.types import SearchResult
from crewai.tools import BaseTool
from pydantic import BaseModel, Field

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.errors import StepcrewError
from stepcrew.domain.files import FileMissing, FileUnreadable
from stepcrew.domain.knowledge_settings import KnowledgeSource
from stepcrew.domain.tools import WEBSITE_SEARCH, files_for
from stepcrew_runner.crew.group_stores import ends_attempt
from stepcrew_runner.crew.knowing import GroupKnowledge, crew_embedder
from stepcrew_runner.crew.parts import CrewParts

MOST_HITS = 5
LEAST_SCORE = 0.6
MOST_OF_A_PAGE = 300_000
"""Characters."""

Find = Callable[[list[KnowledgeSource], str], list[SearchResult]]


class FileQuery(BaseModel):
    query: str = Field(description="What to look for.")
    file_name: str | None = Field(default=None, description="Only in this file; in all of them where it is left out.")


class FileSearchTool(BaseTool):
    """What the tools for files have in common."""

    name: str = "Search files"
    description: str = ""
    args_schema: type[BaseModel] = FileQuery
    names: list[str]
    find: Find = Field(exclude=True)

    def model_post_init(self, context: Any, /) -> None:
        self.description = f"Finds passages by their meaning in these files: {', '.join(self.names)}."
        super().model_post_init(context)

    def _run(self, query: str, file_name: str | None = None) -> str:
        wanted = [file_name.rpartition("/")[2]] if file_name else self.names
        if not set(wanted) <= set(self.names):
            return f"There is no file {file_name}. There are: {', '.join(self.names)}."
        try:
            return told(self.find([KnowledgeSource(file=name) for name in wanted], query))
        except (FileMissing, FileUnreadable) as error:
            return error.message


class RagTool(FileSearchTool):
    name: str = "Knowledge base"


class PDFSearchTool(FileSearchTool):
    name: str = "Search a PDF's content"


class CSVSearchTool(FileSearchTool):
    name: str = "Search a CSV's content"


class TXTSearchTool(FileSearchTool):
    name: str = "Search a txt's content"


class PageQuery(BaseModel):
    query: str = Field(description="What to look for.")
    website: str = Field(description="The address of the web page.")


class WebsiteSearchTool(BaseTool):
    name: str = "Search in a specific website"
    description: str = "Finds passages of a web page by their meaning."
    args_schema: type[BaseModel] = PageQuery
    find: Find = Field(exclude=True)
    read: Callable[[str], str] = Field(exclude=True)

    def _run(self, query: str, website: str) -> str:
        text = self.read(website)[:MOST_OF_A_PAGE]
        if not text.strip():
            return "The page has no text."
        return told(self.find([KnowledgeSource.model_construct(file=None, text=text)], query))


FILE_TOOLS: dict[str, type[FileSearchTool]] = {
    each.__name__: each for each in (RagTool, PDFSearchTool, CSVSearchTool, TXTSearchTool)
}


def told(found: list[SearchResult]) -> str:
    return "\n\n".join(one["content"] for one in found) or "Nothing like that was found."


def search_tools(
    crew: CrewDefinition, parts: CrewParts, read_page: Callable[[str], str]
) -> Mapping[str, Callable[[], BaseTool]]:
    """How each is made for this crew, by name."""

    def find(sources: list[KnowledgeSource], query: str) -> list[SearchResult]:
        """Raises `FileMissing` and `FileUnreadable`; whatever else is wrong ends the attempt."""
        try:
            knowledge = GroupKnowledge(sources, crew_embedder(crew, parts), parts)
            return knowledge.find(query, MOST_HITS, LEAST_SCORE)
        except (FileMissing, FileUnreadable):
            raise
        except StepcrewError as error:
            raise ends_attempt(parts.companions, error) from error

    of_files = {
        name: partial(tool, names=files_for(name, crew.files) or [], find=find) for name, tool in FILE_TOOLS.items()
    }
    return {**of_files, WEBSITE_SEARCH: partial(WebsiteSearchTool, find=find, read=read_page)}
