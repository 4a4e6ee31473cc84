"""What keeps one execution apart from the next, and the platform apart from both."""
