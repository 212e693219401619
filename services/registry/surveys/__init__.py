"""Surveys of needs: what communities are asked, what they answer, and what was found (domain.md section 1, line 13)."""
