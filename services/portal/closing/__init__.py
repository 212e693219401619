"""Closing a shift: who served from when until when, who did not come."""
