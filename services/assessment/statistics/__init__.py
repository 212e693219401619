"""What the figures of a district are: in total, by group, by star level, and of everybody."""
