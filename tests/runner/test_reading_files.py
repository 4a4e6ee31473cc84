"""Files are read ahead of the first execution: once, whatever dies, and what became of each is in its record."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import zipfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.budgets import Budgets
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.files import FileState, GroupFile
from stepcrew.domain.knowledge import CHUNK_CHARACTERS
from stepcrew.domain.knowledge_requests import EmbeddingRefused, ReadFile, SearchMemory
from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope
from stepcrew.domain.model_prices import ModelPrice, PriceList
from stepcrew.domain.usage_sums import By, embedding_entry
from stepcrew.domain.vectors import dimension_of
from stepcrew.services.watch_budgets import WatchBudgets
from stepcrew_runner.crew.embedding_models import Ask, Embedded, EmbeddingKeys
from stepcrew_runner.isolation.addresses import trusted
from stepcrew_runner.knowledge.reading import ReadGroupFile
from stepcrew_runner.knowledge.searching import SearchGroupMemory
from stepcrew_runner.knowledge.vectors import GroupVectors, Money
from tests.fakes.budgets import FakeBudgets
from tests.fakes.files import FakeFiles
from tests.fakes.knowledge import FakeKnowledge
from tests.fakes.memory import FakeMemory
from tests.fakes.prices import FakePrices
from tests.fakes.usage import FakeUsage
from tests.runner.fakes import FakeClock
from tests.runner.given_files import file_of, pdf_of
from tests.runner.harness import EMBEDDER, GROUP

LONG = "\n\n".join(f"Paragraph {number}. " + "x" * (CHUNK_CHARACTERS - 40) for number in range(250)).encode()
"""250 chunks: three requests."""


@dataclass
class Harness:
    files: FakeFiles = field(default_factory=FakeFiles)
    knowledge: FakeKnowledge = field(default_factory=FakeKnowledge)
    memory: FakeMemory = field(default_factory=FakeMemory)
    usage: FakeUsage = field(default_factory=FakeUsage)
    prices: FakePrices = field(default_factory=FakePrices)
    budgets: FakeBudgets = field(default_factory=FakeBudgets)
    clock: FakeClock = field(default_factory=FakeClock)
    keys: dict[str, str] = field(default_factory=lambda: {"OPENAI_API_KEY": "sk-of-the-operator"})

    def __post_init__(self) -> None:
        ids = (str(number) for number in itertools.count())
        money = Money(self.prices, self.usage, WatchBudgets(self.budgets, self.usage, self.clock), lambda: next(ids))
        self.vectors = GroupVectors(
            GROUP, EMBEDDER, lambda: EmbeddingKeys(self.keys, {}), self.memory, money, self.clock
        )

    def put(self, content: bytes, name: str = "facts.txt", **changes: object) -> GroupFile:
        file = file_of(name, content).model_copy(update={"embedder": EMBEDDER, "state": FileState.READING, **changes})
        self.files.write(GROUP, name, file.sha256, content)
        self.files.save(GROUP, file)
        return file

    def read(self, file: GroupFile, reader: str = "one") -> None:
        request = ReadFile(group_id=GROUP, name=file.name, sha256=file.sha256)
        ReadGroupFile(self.files, self.knowledge, self.vectors, self.clock)(request, reader)

    def state(self, name: str = "facts.txt") -> GroupFile:
        found = self.files.file(GROUP, name)
        assert found
        return found

    def spent(self) -> tuple[int, int, Decimal]:
        """Calls, tokens and money of the group's embeddings."""
        today = self.clock.now().date()
        (day,) = self.usage.sums(GROUP, By.DAY, today, today) or [None]
        assert day
        return day.sums.model_calls, day.sums.total_tokens, day.sums.model_usd


@pytest.fixture
def harness(model: ScriptedModel) -> Generator[Harness]:
    """As in its own process, where nothing stands between it and the model."""
    with trusted():
        yield Harness()


def embedded(model: ScriptedModel) -> int:
    return sum(len(one.body["input"]) for one in model.requests if "input" in one.body)


def test_a_files_chunks_are_made_and_what_they_cost_is_counted(harness: Harness, model: ScriptedModel) -> None:
    price = ModelPrice.model_validate({"input_usd": 2, "output_usd": 0})
    harness.prices.save_price_list(GROUP, PriceList(models={EMBEDDER: price}))
    file = harness.put(pdf_of("Ada likes tea.", "Bob likes milk."), "facts.pdf")
    harness.read(file)
    assert harness.state("facts.pdf") == file.ended(FileState.READY, chunks=2)
    assert harness.knowledge.has(GROUP, file.sha256, EMBEDDER)
    assert [chunk.piece for chunk in harness.knowledge.chunks(GROUP, file.sha256, EMBEDDER)] == [
        ("page 1", "Ada likes tea."),
        ("page 2", "Bob likes milk."),
    ]
    calls, tokens, usd = harness.spent()
    assert calls == 1
    assert tokens > 0
    assert usd == Decimal(tokens) * 2 / 1_000_000


def test_called_twice_a_file_is_read_once(harness: Harness, model: ScriptedModel) -> None:
    file = harness.put(b"Ada likes tea.")
    harness.read(file)
    harness.read(file, "two")
    assert embedded(model) == 1
    copy = harness.put(b"Ada likes tea.", "copy.txt")
    harness.read(copy, "three")
    assert harness.state("copy.txt").state is FileState.READY
    assert embedded(model) == 1, "The chunks belong to the bytes."


def test_who_takes_over_makes_nothing_again(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = harness.put(LONG)
    put = harness.knowledge.put

    def dies_at_the_third(group_id: str, sha256: str, embedder: str, first: int, chunks: object) -> None:
        if first == 200:
            raise PlatformUnavailable("killed")
        put(group_id, sha256, embedder, first, chunks)  # type: ignore[arg-type]

    monkeypatch.setattr(harness.knowledge, "put", dies_at_the_third)
    with pytest.raises(PlatformUnavailable):
        harness.read(file)
    assert harness.state().state is FileState.READING
    monkeypatch.setattr(harness.knowledge, "put", put)
    harness.read(file)
    assert harness.state() == file.ended(FileState.READY, chunks=250)
    assert embedded(model) == 300, "Only the request that nobody could keep is paid for twice."
    assert harness.spent()[0] == 4


def test_nobody_else_reads_a_file_while_somebody_does(harness: Harness, model: ScriptedModel) -> None:
    file = harness.put(b"Ada likes tea.")
    assert harness.files.begin_reading(GROUP, file, "other", harness.clock.now())
    harness.read(file)
    assert (embedded(model), harness.state().state) == (0, FileState.READING)
    harness.clock.advance(timedelta(minutes=20).total_seconds())
    harness.read(file)
    assert harness.state().state is FileState.READY


def test_a_file_that_stops_its_reader_twice_has_failed(harness: Harness, model: ScriptedModel) -> None:
    file = harness.put(b"Ada likes tea.")
    for _ in range(2):
        assert harness.files.begin_reading(GROUP, file, "one", harness.clock.now())
    harness.read(file)
    assert harness.state().state is FileState.FAILED
    assert "memory" in str(harness.state().reason)
    assert embedded(model) == 0


def test_a_file_that_cannot_be_read_says_why(harness: Harness, model: ScriptedModel) -> None:
    harness.read(harness.put(b"%PDF-1.4 nothing of it", "broken.pdf"))
    assert harness.state("broken.pdf").state is FileState.FAILED
    assert str(harness.state("broken.pdf").reason).startswith("The file broken.pdf cannot be read: ")
    assert embedded(model) == 0


def bomb() -> bytes:
    """A workbook of a few hundred kilobytes that unpacks to more than memory holds."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/workbook.xml", "w") as entry:
        for _ in range(201):
            entry.write(bytes(1_000_000))
    return kept.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.pdf", lambda: b"", None),
        ("bomb.xlsx", bomb, "unpacks to 201,000,000 bytes"),
        ("large.csv", lambda: b"name,price\n" * 4_545_454, "more than 20,000,000 characters"),
        ("long.csv", lambda: b"name,price\n" * 600_000, "too long to be known: 6,286 chunks"),
    ],
)
def test_files_that_are_made_to_be_too_much_fail_and_stop_no_others(
    harness: Harness, model: ScriptedModel, name: str, content: Callable[[], bytes], reason: str | None
) -> None:
    harness.read(harness.put(content(), name))
    state = harness.state(name)
    assert (state.state, state.chunks) == (FileState.FAILED if reason else FileState.READY, 0)
    assert (reason or "") in (state.reason or "")
    assert embedded(model) == 0
    harness.read(harness.put(b"Ada likes tea."))
    assert harness.state().state is FileState.READY


def test_each_page_of_a_long_pdf_and_texts_of_other_scripts_are_known_with_their_place(
    harness: Harness, model: ScriptedModel
) -> None:
    file = harness.put(pdf_of(*(f"Page {number} tells of tea." for number in range(1, 301))), "long.pdf")
    harness.read(file)
    chunks = harness.knowledge.chunks(GROUP, file.sha256, EMBEDDER)
    assert [chunk.piece for chunk in chunks[::299]] == [
        ("page 1", "Page 1 tells of tea."),
        ("page 300", "Page 300 tells of tea."),
    ]
    assert harness.state("long.pdf").chunks == embedded(model) == 300
    scripts = "السلام عليكم\n\n" + "世界" * 900 + "\n\nשלום"
    file = harness.put(scripts.encode(), "scripts.md")
    harness.read(file)
    places = [chunk.piece.place for chunk in harness.knowledge.chunks(GROUP, file.sha256, EMBEDDER)]
    assert places == ["line 1", "line 3", "line 3"]


def test_an_embedding_model_that_is_not_offered_says_so(harness: Harness, model: ScriptedModel) -> None:
    harness.keys.clear()
    harness.read(harness.put(b"Ada likes tea."))
    assert "OPENAI_API_KEY" in str(harness.state().reason)
    assert harness.state().state is FileState.FAILED


def test_a_model_that_is_busy_is_asked_three_times_and_its_answer_is_told(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_texts: list[str]) -> Embedded:
        raise RuntimeError("Error code: 503 - sk-of-the-operator is overloaded")

    def asks(_name: str, _default: str, _keys: EmbeddingKeys) -> tuple[str, Ask]:
        return EMBEDDER, busy

    monkeypatch.setattr("stepcrew_runner.knowledge.vectors.asks", asks)
    file = harness.put(b"Ada likes tea.")
    for _ in range(2):
        with pytest.raises(EmbeddingRefused):
            harness.read(file)
        assert harness.state().state is FileState.READING
    harness.read(file)
    assert harness.state().state is FileState.FAILED
    assert "503" in str(harness.state().reason)
    assert "sk-of" not in str(harness.state().reason)


def test_a_group_that_has_spent_its_budget_embeds_nothing(harness: Harness, model: ScriptedModel) -> None:
    today = harness.clock.now().date()
    harness.usage.count(embedding_entry(GROUP, "before", today, EMBEDDER, 1, Decimal(2)))
    harness.budgets.save_budgets(GROUP, Budgets(group_usd=Decimal(2)))
    harness.read(harness.put(b"Ada likes tea."))
    assert "budget of the group" in str(harness.state().reason)
    assert embedded(model) == 0


def test_of_a_file_that_was_replaced_meanwhile_nothing_stays(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = harness.put(LONG)
    put = harness.knowledge.put

    def replaced(group_id: str, sha256: str, embedder: str, first: int, chunks: object) -> None:
        put(group_id, sha256, embedder, first, chunks)  # type: ignore[arg-type]
        if first == 0:
            harness.put(b"Something else.")

    monkeypatch.setattr(harness.knowledge, "put", replaced)
    harness.read(file)
    assert embedded(model) == 100, "Nobody pays for the rest."
    assert harness.knowledge.chunks(GROUP, file.sha256, EMBEDDER) == []
    assert harness.state().state is FileState.READING
    harness.read(file)
    assert harness.state().sha256 != file.sha256


def test_without_an_embedding_model_a_file_is_read_all_the_same(harness: Harness, model: ScriptedModel) -> None:
    harness.read(harness.put(b"Ada likes tea.", embedder=None))
    assert harness.state().state is FileState.READY
    harness.read(harness.put(b"\xff\xfe", "other.txt", embedder=None))
    assert harness.state("other.txt").state is FileState.FAILED


def test_memory_is_searched_by_meaning_within_a_scope(harness: Harness, model: ScriptedModel) -> None:
    texts = {"/crews/shop": "Ada drinks green tea", "/crews/shop/agent/a": "The shop is closed", "/shared": "green tea"}
    for number, (scope, text) in enumerate(texts.items()):
        (vector,) = harness.vectors.kept(EMBEDDER, [text])
        root = "/shared" if scope == "/shared" else "/crews/shop"
        now = harness.clock.now()
        opened = RootScope(path=root, embedder=EMBEDDER, dimension=dimension_of(vector), created_at=now)
        opened = harness.memory.open_root(GROUP, opened)
        record = MemoryRecord(record_id=str(number), scope=scope, content=text, created_at=now, updated_at=now)
        harness.memory.add(GROUP, opened, Remembered(record, vector))
    search = SearchGroupMemory(harness.memory, harness.vectors, harness.clock)

    def found(scope: str, **more: int) -> list[str]:
        request = SearchMemory.model_validate({"group_id": GROUP, "scope": scope, "query": "green tea of Ada", **more})
        return [hit.record.content for hit in search(request).hits]

    assert found("/crews/shop") == ["Ada drinks green tea", "The shop is closed"]
    assert found("/crews/shop", limit=1) == ["Ada drinks green tea"]
    assert found("/crews/shop/agent/a") == ["The shop is closed"]
    assert found("/crews/other") == []
    assert len(model.requests) == 4, "A text is embedded once."


def test_nothing_of_crewai_is_loaded_to_read_files() -> None:
    code = "import sys, stepcrew_runner.knowledge.wiring; print('crewai' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_a_picture_is_ready_when_it_is_one(harness: Harness) -> None:
    harness.read(harness.put(b"\x89PNG\r\n\x1a\n...", "chart.png"))
    assert (harness.state("chart.png").state, harness.state("chart.png").chunks) == (FileState.READY, 0)
    harness.read(harness.put(b"GIF89a...", "chart.png"))
    told = harness.state("chart.png")
    assert told.state is FileState.FAILED
    assert "is no image/png: it begins as image/gif does" in (told.reason or "")
