"""What a volunteer wants to be told, where, and when not."""
