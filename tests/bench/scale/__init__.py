"""Many districts in one installation: what the twentieth costs beside the first, and what a record takes on disk."""
