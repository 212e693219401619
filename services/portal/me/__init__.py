"""A volunteer's own pages: what is next, hours and stars, messages, profile and settings."""
