"""The rules that figures follow: rule sets by district and date, and which of them is in force."""
