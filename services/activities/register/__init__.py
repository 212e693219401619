"""What registry has told of volunteers and stations, as this service needs it."""
