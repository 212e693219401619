"""Checking in and out of a shift; the time given becomes a service record."""
