"""Claims: a volunteer says when they really served, staff answer by a date (MCA Order 67, art. 13)."""
