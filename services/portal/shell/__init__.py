"""What every page has in common: layouts and styles, languages, how it is shown, headers, errors, files."""
