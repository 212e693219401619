"""Bulk files: upload, durable job, chunk by chunk in transactions, and a report of a verdict per line."""
