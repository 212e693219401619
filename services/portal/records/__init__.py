"""Service records of others: looking them up, correcting them."""
