"""Run registry: ``python -m services.registry api relay importer``."""

from services.registry.app import service
from shared.runtime import main

main(service)
