"""What a function measures, sent by CloudWatch's embedded metric format: lines of its log that become metrics."""

from __future__ import annotations

from aws_lambda_powertools.metrics import EphemeralMetrics

from stepcrew.metric_names import METRICS, OTHER


class FunctionMetrics:
    """Collects while something is handled; `send` writes what was collected. Nothing that is zero is sent."""

    def __init__(self) -> None:
        self._collected: dict[tuple[str, str], EphemeralMetrics] = {}

    def add(self, name: str, value: float = 1, of: str = "") -> None:
        """`of` is the value of the metric's dimension; one that is not known counts as `other`. Raises KeyError for a
        metric that `metric_names` does not have."""
        metric = METRICS[name]
        if not value:
            return
        key = (metric.dimension, (of if of in metric.values else OTHER) if metric.dimension else "")
        if key not in self._collected:
            self._collected[key] = EphemeralMetrics()
            if metric.dimension:
                self._collected[key].add_dimension(*key)
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
