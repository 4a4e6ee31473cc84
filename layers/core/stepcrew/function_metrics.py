"""What a function measures, sent by CloudWatch's embedded metric format: lines of its log that become metrics."""

from __future__ import annotations

from aws_lambda_powertools.metrics import EphemeralMetrics

from stepcrew.metric_names import METRICS, OTHER
from stepcrew.settings import function_settings


class FunctionMetrics:
    """Collects while something is handled; `send` writes what was collected. Nothing that is zero is sent."""

    def __init__(self) -> None:
        # Read when the process starts: the runner takes its variables out of a crew's reach.
        self._namespace = function_settings().powertools_metrics_namespace
        self._collected: dict[tuple[str, str, str], EphemeralMetrics] = {}

    def add(self, name: str, value: float = 1, of: str = "") -> None:
        """`of` is the value of the metric's dimension; one that is not known counts as `other`. Raises KeyError for a
        metric that `metric_names` does not have."""
        metric = METRICS[name]
        if not value or not self._namespace:  # outside of a stack nobody hears
            return
        key = (metric.service, metric.dimension, (of if of in metric.values else OTHER) if metric.dimension else "")
        if key not in self._collected:
            self._collected[key] = EphemeralMetrics(namespace=self._namespace, service=metric.service)
            if metric.dimension:
                self._collected[key].add_dimension(*key[1:])
        self._collected[key].add_metric(name=name, unit=metric.unit, value=value)

    def send(self, **properties: str | None) -> None:
        """Properties stand in the lines and are no dimensions: they cost nothing more, and the log can be searched by
        them."""
        collected, self._collected = self._collected, {}
        for metrics in collected.values():
            for name, value in properties.items():
                if value is not None:
                    metrics.add_metadata(name, value)
            if metrics.metric_set:  # a hundred values were written before
                metrics.flush_metrics()
