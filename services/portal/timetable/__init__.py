"""A volunteer's own time: what they have signed up for, and the calendar that follows it."""
