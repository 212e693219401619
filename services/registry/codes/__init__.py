"""Codes: short texts to a phone or mailbox, and the one-time codes in them that prove who holds it."""
