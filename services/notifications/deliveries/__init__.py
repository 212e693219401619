"""How messages reach people: one delivery per message and channel, in the inbox at once, by mail over SMTP."""
