"""Asking to read a minor's data in clear, another person's answer, and the year's list of both for the audit."""
