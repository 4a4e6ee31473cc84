"""Crews and flows that bring their own Python: their bundle, their import, their run. Only the function of a project
uses this room; the shared runner imports no code of a group's."""
