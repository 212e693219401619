"""What this service does: marks inbox messages read, and mails."""
