"""The district's tree: towns and streets, stations, organisations, teams; and what an office does about them (D4)."""
