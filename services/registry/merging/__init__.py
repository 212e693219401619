"""Two entries of one person become one, and two again where it was a mistake (domain.md row 19, ADR 0060)."""
