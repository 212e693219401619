"""Places: districts, their divisions, organisations, stations and teams, as their files bring them."""
