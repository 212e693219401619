"""Pages of the centre on which files are taken in: what a file holds, how far it is, what became of each line."""
