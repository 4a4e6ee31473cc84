"""The sender of webhooks: posts announcements to receivers, and tries again for a day."""
