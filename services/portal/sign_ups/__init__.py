"""Signing up: a place or the waiting list, the receipt, what one has signed up for, and leaving again."""
