"""Rules of places, and what all of registry reads files by: fields, wording, code lists. Pure: no clock, no driver."""
