"""Individuals as pages: the centre looks after who is of no team; a volunteer answers an invitation to one."""
