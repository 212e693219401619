"""Registry: divisions, organisations, stations, teams, volunteers and accounts of every district.

Invariant: personal data (name, ID number, phone, e-mail) exists here alone, encrypted; other services get ids by
event, and notifications the contact point, sealed to it.
"""
