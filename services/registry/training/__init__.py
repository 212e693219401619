"""Training: material of the office, delivered to volunteers, with a receipt a person: sent, read, tested."""
