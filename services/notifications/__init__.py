"""Tells volunteers what happened to them: an in-app inbox, and e-mail over SMTP.

Invariant: one event is told at most once on each channel, whatever is delivered twice, restarted or killed.
"""
