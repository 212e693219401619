"""What the service holds of a person: shown to them whole, and what becomes of it when they leave (ADR 0054)."""
