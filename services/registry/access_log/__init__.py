"""Who did what to an account, and who read a person's data in clear: when and why, for the auditor."""
