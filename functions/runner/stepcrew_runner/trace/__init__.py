"""What an execution tells: trace events and log lines."""
