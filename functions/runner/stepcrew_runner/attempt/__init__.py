"""One attempt from its beginning to its last write."""
