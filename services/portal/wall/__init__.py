"""The screen of a shift's place: its QR, its six digits, and how many have come."""
