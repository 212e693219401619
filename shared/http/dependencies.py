"""What a route gets handed: the service's database as the api role."""

from typing import Annotated

from fastapi import Depends, Request

from shared.store.engine import Store


async def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


ApiStore = Annotated[Store, Depends(_store)]
