"""What is held of a person: shown to them, copied, put right; and the end of it (PIPL art. 44-47, ADR 0054)."""
