"""What people do for themselves, proven by a code: register, reset a password, change how they are reached."""
