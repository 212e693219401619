"""Qualifications: what somebody may or can do by a paper, looked at by the office, until it expires (ADR 0055)."""
