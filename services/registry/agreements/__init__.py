"""Agreements between a university and a station: from when, until when, with how many students, and for what."""
