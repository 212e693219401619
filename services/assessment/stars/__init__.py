"""Stars and what is announced of hours: a volunteer's account as they hear of it, and the end of an import."""
