"""``python -m services.portal ROLE...``: api, relay or all."""

from services.portal.app import service
from shared.service.run import main

if __name__ == "__main__":
    main(service)
