"""What is on today for team leaders, station managers and the district's centre."""
