"""Check-in without a network: a signed list on a device of the staff, and what it brings back (domain.md row 32)."""
