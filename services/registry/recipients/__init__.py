"""Households that are looked after, who may read of them, and long pairings with volunteers and teams (ADR 0056)."""
