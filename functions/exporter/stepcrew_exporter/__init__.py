"""The exporter: sends traces to the operator's collector, and tries again for a day."""
