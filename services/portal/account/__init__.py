"""One's own account: how pages are shown, the password, where one is logged in."""
