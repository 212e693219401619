"""Individual volunteers, who are of no team: looked after, talked with, and asked to join a team (ADR 0059)."""
