"""What is held of a person, as they see it: all of it, a copy, what is wrong, who has read it, and the end of it."""
