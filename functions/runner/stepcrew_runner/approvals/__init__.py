"""Where people take part."""
