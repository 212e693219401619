"""Pages of a district's figures for staff: a period by group as chart, table and files, and whose hours they are."""
