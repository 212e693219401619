"""Signing up for a shift and giving a place back: capacity, the waiting list, a rush decided in groups."""
