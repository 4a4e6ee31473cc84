"""What a product that takes OpenTelemetry's traces makes of ours: `make test-collector`."""
