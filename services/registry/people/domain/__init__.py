"""Rules of people: one validator, what a roster's lines come to, ID numbers, and how personal data is kept."""
