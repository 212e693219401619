"""Checking in and out: six digits or the scanned code of the place, running minutes, what came of it."""
