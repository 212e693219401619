"""Finding an activity: the list by days, and one activity with all that one should know before signing up."""
