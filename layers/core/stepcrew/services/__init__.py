"""Use cases, one module per verb, over the ports in `ports`."""
