"""The main job in one command: a whole district in, a volunteer's day, and every total beside what it should be.

Everything is done over the services' HTTP interfaces, as a district's own software would do it.
"""
