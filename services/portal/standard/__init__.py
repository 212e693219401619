"""Stations by the standard: their map, each one's criteria and evidence, the network's targets."""
