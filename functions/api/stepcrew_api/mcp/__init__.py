"""The group's stored crews as tools of an MCP server."""
