"""Staff of stations: who works there, full time or part time, apart from those who volunteer (domain.md row 9)."""
