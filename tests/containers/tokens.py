"""Run inside registry's container (`python - DISTRICT < tokens.py`): print a token for each volunteer of a district.

What logging in gives, without the cost and the limits of a thousand log-ins.
"""

import asyncio
import json
import sys

from sqlalchemy import text

from services.registry.accounts import repository as accounts
from services.registry.accounts.tokens import _claims, sign
from services.registry.people.domain.privacy import KeyRing
from services.registry.settings import Settings
from shared.contracts.actor import Role
from shared.store.engine import Store
from shared.store.event_log import now


async def main(district: str) -> None:
    settings = Settings()
    keys = KeyRing(settings.master_key, settings.blind_index_key, settings.contact_public_key)
    store = Store(settings.api_database_url)
    async with store.transaction(district) as tx:
        signing_key = await accounts.current_signing_key(tx)
        volunteers = list(await tx.scalars(text("SELECT id FROM volunteer ORDER BY id")))
    await store.close()
    assert signing_key is not None
    made = [accounts.Account(district, each, str(each), "", (Role.VOLUNTEER,), (), each) for each in volunteers]
    print(json.dumps([sign(keys, signing_key, _claims(account, now())) for account in made]))  # noqa: T201


asyncio.run(main(sys.argv[1]))
