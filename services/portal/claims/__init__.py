"""What a volunteer says is wrong or missing of their hours: the form, and how it was answered."""
