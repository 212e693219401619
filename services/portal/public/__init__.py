"""What everybody sees: the home page, activities, and what is said about the site."""
