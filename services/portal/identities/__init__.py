"""Identities at outside issuers (campus, city): logging in by one, and linking one to an account (ADR 0035, 0040)."""
