"""A shift's roster: who is on it, checking them in and out, adding who comes."""
