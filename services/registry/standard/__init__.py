"""The standard of stations: what makes one, how each stands by it, and how far the network has come (ADR 0052)."""
