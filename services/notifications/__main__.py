"""``python -m services.notifications ROLE...``: api, relay, consumer, worker or all."""

from services.notifications.app import service
from shared.service.run import main

if __name__ == "__main__":
    main(service)
