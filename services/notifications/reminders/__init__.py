"""Whoever has a place on a shift is reminded of it a day and three hours before (domain.md, row 57)."""
