"""Rules of individuals. Pure: no clock, no driver."""
