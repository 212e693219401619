"""Training as pages: the centre's library with its receipts, and what a volunteer has got to learn from."""
