"""Tools that find passages by their meaning: in the crew's files of their kind, and in web pages."""

from __future__ import annotations

import pytest

from scripted_model import ScriptedModel
from stepcrew_runner.crew import building
from tests.runner.given_files import pdf_of, upload
from tests.runner.harness import Ended, Harness, agent, crew, task

QUERY = "green tea lemon noon"


def searching(harness: Harness, tool: str, call: str, *files: str) -> Ended:
    asked = task(f"Look it up [[tool {call}]] [[say DONE]]")
    return harness.run({**crew(asked), "agents": {"worker": agent(tools=[tool])}, "files": list(files)})


def found(model: ScriptedModel, text: str) -> bool:
    """Whether the model was told it after its call of the tool."""
    return any(text in one.text.rpartition("Look it up")[2] for one in model.requests)


def test_passages_of_the_crews_files_are_found_with_their_place(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, pdf_of("Nothing of it.", "Ada drinks green tea with lemon at noon."), "a.pdf")
    upload(harness, b"Bob has lemon tea at noon, green or not.", "b.md")
    call = f'search_a_pdfs_content {{"query": "{QUERY}"}}'
    ended = searching(harness, "PDFSearchTool", call, "a.pdf", "b.md")
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert found(model, "[a.pdf, page 2, 0.")
    assert not found(model, "b.md, line"), "It is no PDF."
    call = f'knowledge_base {{"query": "{QUERY}", "file_name": "b.md"}}'
    searching(harness, "RagTool", call, "a.pdf", "b.md")
    assert found(model, "[b.md, line 1, 0.")


def test_a_file_that_cannot_be_read_or_is_not_the_crews_is_told(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, b"%PDF-1.4 nothing of it", "a.pdf")
    ended = searching(harness, "PDFSearchTool", f'search_a_pdfs_content {{"query": "{QUERY}"}}', "a.pdf")
    assert ended.outcome == "COMPLETED"
    assert found(model, "The file a.pdf cannot be read")
    call = f'search_a_pdfs_content {{"query": "{QUERY}", "file_name": "other.pdf"}}'
    searching(harness, "PDFSearchTool", call, "a.pdf")
    assert found(model, "There is no file other.pdf")


def test_what_is_made_for_a_search_is_found_by_the_next(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, b"Ada drinks green tea with lemon at noon.", "a.txt")
    call = f'search_a_txts_content {{"query": "{QUERY}"}}'
    searching(harness, "TXTSearchTool", call, "a.txt")
    model.reset()
    searching(harness, "TXTSearchTool", call, "a.txt")
    assert found(model, "[a.txt, line 1, 0.")
    assert not any("input" in one.body for one in model.requests), "Chunks and the question's vector are kept."


def test_passages_of_a_web_page_are_found(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "Weather.\n\n" + "Rain. " * 250 + "\n\nAda drinks green tea with lemon at noon."

    def read_page(_address: str) -> str:
        return page

    monkeypatch.setattr(building, "read_page", read_page)
    call = f'search_in_a_specific_website {{"query": "{QUERY}", "website": "https://example.com"}}'
    ended = searching(harness, "WebsiteSearchTool", call)
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert found(model, "Ada drinks green tea with lemon at noon.")
