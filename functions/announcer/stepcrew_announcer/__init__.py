"""The announcer: does what follows from a change of status, whoever wrote it."""
