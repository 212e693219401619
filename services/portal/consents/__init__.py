"""What one's data may be handled for: each purpose in plain words, agreed to and taken back with one tap."""
