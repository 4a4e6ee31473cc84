"""What may leave the process: the reasons to stop, and what it costs."""
