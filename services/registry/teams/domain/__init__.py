"""Rules of teams. Pure: no clock, no driver."""
