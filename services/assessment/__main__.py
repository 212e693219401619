"""``python -m services.assessment ROLE...``: api, relay, consumer or all."""

from services.assessment.app import service
from shared.service.run import main

if __name__ == "__main__":
    main(service)
