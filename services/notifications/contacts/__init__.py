"""The contact points that registry seals to this service: how a person is reached, and a minor's guardian."""
