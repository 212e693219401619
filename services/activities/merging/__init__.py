"""Two entries of one person become one, and two again: what the one is signed up for follows (ADR 0060)."""
