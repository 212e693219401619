"""Two entries of one person: looked at side by side, merged, and two again."""
