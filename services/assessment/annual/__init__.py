"""The annual assessment: who would be nominated for a year."""
