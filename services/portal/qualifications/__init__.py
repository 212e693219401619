"""Qualifications as pages: a volunteer submits their own, the district's centre looks at them."""
