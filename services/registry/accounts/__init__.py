"""Accounts: who may open which, log-in and tokens, and registering oneself with an account."""
