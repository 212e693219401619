"""Surveys of needs: made by the office, answered by stations and by everybody, and what they say for the plan."""
