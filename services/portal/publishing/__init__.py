"""Publishing activities, and changing and cancelling what is published."""
