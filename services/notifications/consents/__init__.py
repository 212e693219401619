"""Who may be mailed: what registry tells of consents to notices."""
