"""Vectors that a group asks for outside of executions: each request is counted in the group's usage as it is
answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from stepcrew.domain.errors import Category, PlatformUnavailable, StepcrewError
from stepcrew.domain.journal import TokenUsage
from stepcrew.domain.knowledge_requests import MOST_TEXTS, EmbeddingRefused, Refused
from stepcrew.domain.memory import content_hash
from stepcrew.domain.models import ModelName, parse_embedder_name
from stepcrew.domain.usage_sums import NOBODY, embedding_entry
from stepcrew.services.memory_ports import VectorStore
from stepcrew.services.ports import Clock
from stepcrew.services.price_ports import PriceStore
from stepcrew.services.usage_ports import UsageStore
from stepcrew.services.watch_budgets import WatchBudgets
from stepcrew_runner.crew.embedding_models import EmbeddingKeys, asks, packed
from stepcrew_runner.crew.failures import model_failure
from stepcrew_runner.gate.usage import price
from stepcrew_runner.isolation.redaction import Redactor


class Money:
    """What embeddings cost a group: its prices, its usage, its budget."""

    def __init__(self, prices: PriceStore, usage: UsageStore, budgets: WatchBudgets, new_id: Callable[[], str]) -> None:
        self._prices = prices
        self._usage = usage
        self._budgets = budgets
        self._new_id = new_id

    def check(self, group_id: str) -> None:
        """Raises `BudgetUsedUp`."""
        self._budgets.check(group_id, NOBODY)

    def count(self, group_id: str, model: ModelName, tokens: int | None, clock: Clock) -> None:
        usd: Decimal | None = None
        if tokens is not None:
            own = self._prices.price_list(group_id).models
            usd = price(model, TokenUsage(prompt=tokens), own)
        self._usage.count(embedding_entry(group_id, self._new_id(), clock.now().date(), str(model), tokens or 0, usd))


class GroupVectors:
    """Makes vectors for one group."""

    def __init__(
        self,
        group_id: str,
        default: str,
        keys: Callable[[], EmbeddingKeys],
        vectors: VectorStore,
        money: Money,
        clock: Clock,
    ) -> None:
        """`default` is the operator's embedding model; `keys` are read when they are needed."""
        self._group_id = group_id
        self._default = default
        self._keys = keys
        self._vectors = vectors
        self._money = money
        self._clock = clock

    def name(self, embedder: str | None) -> str:
        """`provider/model`; empty where neither the caller nor the operator names one."""
        return str(parse_embedder_name(embedder or self._default) or embedder or self._default)

    def kept(self, embedder: str, texts: Sequence[str]) -> list[bytes]:
        """In the order of the texts; what was made before is found by its hash. Raises `EmbeddingRefused`."""
        hashes = [content_hash(text) for text in texts]
        found = self._vectors.vectors(self._group_id, embedder, set(hashes))
        missing = {one: text for one, text in zip(hashes, texts, strict=True) if one not in found}
        if missing:
            made = dict(zip(missing, self.made(embedder, list(missing.values())), strict=True))
            self._vectors.keep_vectors(self._group_id, embedder, made, now=self._clock.now())
            found |= made
        return [found[one] for one in hashes]

    def made(self, embedder: str, texts: Sequence[str]) -> list[bytes]:
        """New ones, of at most `MOST_TEXTS` texts. Raises `EmbeddingRefused`."""
        assert len(texts) <= MOST_TEXTS
        redactor = Redactor()
        try:
            self._money.check(self._group_id)
            keys = self._keys()
            for secret in (*keys.keys.values(), *keys.aws.values()):
                redactor.learn(secret)
            name, ask = asks(embedder, self._default, keys)
            answer = ask(list(texts))
            self._money.count(self._group_id, ModelName(*name.split("/", 1)), answer.tokens, self._clock)
            return packed(name, texts, answer)
        except PlatformUnavailable:
            raise
        except Exception as error:  # the client of a provider raises whatever it likes
            raise _refused(embedder, error, redactor.text(str(error))) from error


def _refused(embedder: str, error: Exception, text: str) -> EmbeddingRefused:
    if isinstance(error, StepcrewError):
        return EmbeddingRefused(Refused.of(error))
    if told := model_failure(error, text, None, embedder):
        return EmbeddingRefused(
            Refused(refused=told.message, category=told.category, remedy=told.remedy, retryable=told.retryable)
        )
    return EmbeddingRefused(
        Refused(
            refused=f"The embedding model {embedder} made no vectors: {text[:500]}",
            category=Category.MODEL,
            remedy="Look whether the embedding model can be reached, or choose another embedder.",
            retryable=True,
        )
    )
