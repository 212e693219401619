"""A volunteer's own time: what they may take, what they have signed up for, and their calendar of it."""
