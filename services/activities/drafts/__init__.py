"""Drafts: activities that are being written, kept for their organiser until they are published or thrown away."""
