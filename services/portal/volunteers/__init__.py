"""Looking up volunteers and registering somebody."""
