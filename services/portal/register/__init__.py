"""Becoming a volunteer in four short steps, and a new password by a code to the phone."""
