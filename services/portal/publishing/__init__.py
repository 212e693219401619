"""Writing and publishing activities, and changing and cancelling what is published."""
