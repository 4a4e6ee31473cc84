"""Runs the crew of a bundle again on this machine, answered from the bundle's journal."""
