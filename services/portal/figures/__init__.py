"""What everybody may know of a year: volunteers, hours and activities by month, community and station."""
