"""A service that is only there to be traced: a request forms a team, hearing of a team opens a station.

``python -m tests.support.traced ROLE...`` runs its roles as those of any service.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Request
from pydantic_settings import SettingsConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import StationRegistered, TeamRegistered
from shared.contracts.received import Received
from shared.http.auth import anyone
from shared.messaging.reactions import History, Reaction
from shared.service.part import Part
from shared.service.run import main
from shared.service.service import Service
from shared.service.settings import ServiceSettings
from shared.store.event_log import NewEvent, append, new_id
from tests.support.tally import DISTRICT

log = structlog.get_logger()
router = APIRouter(dependencies=[Depends(anyone)])


@router.post("/v1/teams/{team_id}", status_code=201)
async def form_team(team_id: UUID, name: str, request: Request) -> None:
    data = TeamRegistered(team_id=team_id, code="T1", name=name, kind="service")
    async with request.app.state.store.transaction(DISTRICT) as tx:
        await append(tx, [NewEvent(DISTRICT, team_id, 1, data, "account:test")])
    log.info("team formed")


async def open_station(tx: AsyncConnection, teams: Sequence[Received[TeamRegistered]], _: object) -> None:
    await append(tx, [_station(team.attributes.id) for team in teams])


def _station(cause: UUID) -> NewEvent:
    station_id = new_id()
    data = StationRegistered(
        station_id=station_id,
        code="S1",
        name="站",
        level="community",
        division_code=DISTRICT,
        opened_on=date(2026, 1, 1),
    )
    return NewEvent(DISTRICT, station_id, 1, data, f"event:{cause}")


async def hear(_: AsyncConnection, stations: Sequence[Received[StationRegistered]], __: object) -> None:
    log.info("stations heard of", stations=len(stations))


class Settings(ServiceSettings):
    """Its settings, under the name of a service whose database it borrows."""

    model_config = SettingsConfigDict(env_prefix="ASSESSMENT_")


def service() -> Service:
    reactions = [
        Reaction(TeamRegistered, decides=open_station, history=History.IGNORE),
        Reaction(StationRegistered, decides=hear, history=History.IGNORE),
    ]
    return Service("assessment", "Traced", Settings(), [Part(routers=[router], reactions=reactions)])


if __name__ == "__main__":
    main(service)
