"""Teams over HTTP: asked for, answered, renamed, moved, merged, closed."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.teams import queries
from services.registry.teams.commands import (
    FormationNoted,
    TeamNoted,
    answer_formation,
    ask_for_team,
    close_team,
    merge_team,
    move_team,
    rename_team,
)
from services.registry.teams.domain.formation import FormationState
from services.registry.teams.queries import FormationView
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1", tags=["teams"])

_Text = Annotated[str, Field(max_length=500)]
_HEADS = (Role.STATION_MANAGER, Role.TEAM_LEADER)
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
Asker = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=_HEADS))]
Answerer = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.GUIDE]))]
Looker = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, units=[*_HEADS, Role.GUIDE]))]


class FormationForm(BaseModel):
    """A team that is asked for: codes of its organisation and station, the kind of service, and what it is for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "柳城法律服务队",
                    "kind": "professional",
                    "organisation_code": "510115-ORG-07",
                    "station_code": "510115-STA-01",
                    "focus_service": "law",
                    "purpose": "社区反映法律咨询没有人接。",
                }
            ]
        }
    )

    name: _Text = ""
    kind: _Text = ""
    organisation_code: _Text = ""
    station_code: _Text = ""
    focus_service: _Text = ""
    purpose: Annotated[str, Field(max_length=5000)] = ""


class FormationAnswer(BaseModel):
    """Whether the team is formed, and why not; whoever has asked is told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"approved": False, "reason": "同一站点已有同类服务队"}]})

    approved: bool
    reason: Annotated[Paragraphs, Field(max_length=500)] = ""


class Renaming(BaseModel):
    """A team's name from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "柳城爱心助教队"}]})

    name: _Text = ""


class Moving(BaseModel):
    """Codes of the organisation and the station that a team is of from now on; empty: of none."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"organisation_code": "510115-ORG-07", "station_code": "510115-STA-02"}]}
    )

    organisation_code: _Text = ""
    station_code: _Text = ""


class Merging(BaseModel):
    """The code of the team that another one is merged into."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"into": "510115-TEAM-008"}]})

    into: _Text = ""


class TeamClosing(BaseModel):
    """From which day on it is closed, in the district's zone; today where none is named."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"closed_on": "2026-11-30"}]})

    closed_on: date | None = None


@router.post("/team-formations", status_code=201, response_model=FormationNoted)
async def ask(form: FormationForm, store: ApiStore, caller: Asker, key: IdempotencyKey) -> Response:
    """Ask for a team: a leader for their organisation or station, a manager for their station, the office anywhere."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, partial(ask_for_team, tx, caller, form.model_dump()))


@router.get("/team-formations")
async def list_formations(
    store: ApiStore, caller: Looker, page: RequestedPage, state: FormationState | None = None
) -> Page[FormationView]:
    """List requests for teams, the newest first: all, or one's own, one's station's, one's organisations'."""
    position = page.position(UUID)
    async with store.transaction(caller.district) as tx:
        found = await queries.formations(
            tx,
            caller,
            position[0] if position else None,
            page.limit + 1,
            state=state,
            answers=caller.has(Role.DISTRICT_ADMIN),
        )
    return Page.of(found, page.limit, lambda one: (str(one.id),))


@router.post("/team-formations/{formation_id}/answer", response_model=FormationNoted)
async def answer(
    formation_id: UUID, form: FormationAnswer, store: ApiStore, caller: Answerer, key: IdempotencyKey
) -> Response:
    """Approve a request, so that the team is formed, or refuse it with a reason."""
    async with store.transaction(caller.district) as tx:
        command = partial(
            answer_formation, tx, caller, formation_id, approved=form.approved, reason=form.reason.strip()
        )
        return await idempotent(tx, caller, key, 200, command)


@router.put("/teams/{team_id}/name", response_model=TeamNoted)
async def rename(team_id: UUID, form: Renaming, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Give a team another name."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(rename_team, tx, caller, team_id, form.name))


@router.put("/teams/{team_id}/place", response_model=TeamNoted)
async def move(team_id: UUID, form: Moving, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Let a team be of another organisation or at another station."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(move_team, tx, caller, team_id, form.model_dump()))


@router.post("/teams/{team_id}/merging", response_model=TeamNoted)
async def merge(team_id: UUID, form: Merging, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Merge a team into another: members and leaders follow, what was served in it stays its own."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(merge_team, tx, caller, team_id, form.into))


@router.post("/teams/{team_id}/closing", response_model=TeamNoted)
async def close(
    team_id: UUID,
    body: TeamClosing,
    store: ApiStore,
    caller: Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.OPERATOR))],
    key: IdempotencyKey,
) -> Response:
    """Close a team; its entry stays on the register, and its members serve as individuals."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(close_team, tx, caller, team_id, body.closed_on))
