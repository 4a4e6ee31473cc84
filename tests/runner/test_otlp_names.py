"""The export's names against OpenTelemetry's own package, which the runner's environment has."""

# The names for generative AI are in a package that begins with an underscore.
# pyright: basic

from __future__ import annotations

from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.schemas import Schemas

from stepcrew.domain import otlp
from tests.aws_table import execution
from tests.unit.domain.test_otlp import story


def test_every_name_is_one_of_the_pinned_version() -> None:
    known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    exported = otlp.otlp_of(execution(), story())["resourceSpans"][0]["scopeSpans"][0]["spans"]
    used = {one["key"] for span in exported for one in span["attributes"] if one["key"].startswith("gen_ai.")}
    assert used <= known
    assert otlp.SCHEMA_URL in {one.value for one in Schemas}
    operations = {one.value for one in gen_ai_attributes.GenAiOperationNameValues}
    assert {*otlp.OPERATIONS.values(), "invoke_workflow"} <= operations
    assert set(otlp.PROVIDERS.values()) <= {one.value for one in gen_ai_attributes.GenAiProviderNameValues}
