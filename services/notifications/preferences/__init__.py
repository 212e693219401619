"""What a person wants to be told, where, and when not (domain.md, row 56)."""
