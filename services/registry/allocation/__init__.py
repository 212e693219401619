"""Allocation: a proposal of which station each student could serve at, and what they answer to it (ADR 0050)."""
