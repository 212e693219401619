"""Run registry: ``python -m services.registry api relay worker``."""

from services.registry.app import service
from shared.service.run import main

main(service)
