"""Tells volunteers what happened to them: an in-app inbox, and e-mail over SMTP.

Invariant: an event is told to a person at most once on each channel, whatever is delivered twice, restarted or killed.
"""
