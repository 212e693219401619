"""What registry has told of volunteers, stations and teams: who and where the ledger's ids are."""
