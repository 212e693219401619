"""How Linbang is run: on one machine, in containers, and what operators need around it."""
