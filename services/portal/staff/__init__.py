"""Work of team leaders, station managers and the district's centre."""
