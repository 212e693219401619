"""Volunteers over HTTP: registering, and what is shown of them."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.registry import queries
from services.registry.api.attempts import Address, CountedAttempts
from services.registry.api.dependencies import PUBLIC, UNIT_HEADS, KeyedIdempotencyKey, Keys, PasswordThreads
from services.registry.commands.volunteers import VolunteerCreated, register_self, register_volunteer
from shared.contracts import VolunteerCategory
from shared.contracts.actor import Role
from shared.contracts.faults import RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, cursor

router = APIRouter(prefix="/v1/volunteers", tags=["volunteers"])

_Text = Annotated[str, Field(max_length=500)]
_Codes = Annotated[list[_Text], Field(max_length=50)]
_EXAMPLE: dict[str, JsonValue] = {
    "name": "张晓雨",
    "gender": "female",
    "id_number": "519900200604070186",
    "phone": "17023828271",
    "email": "xiaoyu@example.org",
    "category": "university_student",
    "organisation": "510115-ORG-01",
    "team": "510115-TEAM-001",
    "skills": ["english"],
    "services": ["tutoring", "event"],
    "language": "zh-CN",
}


class VolunteerForm(BaseModel):
    """What somebody fills in. The rules, and the fault codes, are those of a roster's lines."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: _Text = ""
    gender: _Text = ""
    id_number: _Text = ""
    phone: _Text = ""
    email: _Text = ""
    category: _Text = ""
    organisation: _Text = ""
    team: _Text = ""
    skills: _Codes = []
    services: _Codes = []
    community: _Text = ""
    registered_on: _Text = ""
    language: Literal["zh-CN", "en"] = "zh-CN"

    def values(self) -> dict[str, str]:
        """Return the fields as a roster's line has them."""
        return {
            field: ";".join(value) if isinstance(value, list) else value
            for field, value in self.model_dump(include=set(VolunteerForm.model_fields) - {"language"}).items()
        }


class SelfRegistration(VolunteerForm):
    """A person registers in a district and chooses the password of their account."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [_EXAMPLE | {"district": "510115", "password": "long enough to keep"}]}
    )

    district: Annotated[str, Field(pattern="^[0-9]{6}$")]
    password: _Text


class VolunteerView(BaseModel):
    """A volunteer, personal data masked. ``organisation`` and ``team`` are codes."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "number": "51011500027301",
                    "name": "张**",
                    "gender": "female",
                    "id_number": "519900********0186",
                    "phone": "170****8271",
                    "email": "x***@example.org",
                    "category": "university_student",
                    "organisation": "510115-ORG-01",
                    "team": "510115-TEAM-001",
                    "skills": ["english"],
                    "services": ["tutoring", "event"],
                    "community": None,
                    "registered_on": "2026-03-01",
                    "source": "self",
                }
            ]
        },
    )

    id: UUID
    number: str
    name: str
    gender: str
    id_number: str
    phone: str
    email: str
    category: str
    organisation: str | None
    team: str | None
    skills: list[str]
    services: list[str]
    community: str | None
    registered_on: date
    source: str


class VolunteerCounts(BaseModel):
    """How many volunteers a district has; the categories sum to the total."""

    total: int
    by_category: dict[str, int]


@router.post("", status_code=201, response_model=VolunteerCreated)
async def register(
    form: VolunteerForm,
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=UNIT_HEADS))],
    key: KeyedIdempotencyKey,
) -> Response:
    """Register a volunteer for an organisation."""
    return (await register_volunteer(store, keys, caller, key, form.values(), form.language)).response()


@router.post(
    "/self", status_code=201, response_model=VolunteerCreated, dependencies=[PUBLIC], responses={404: {}, 429: {}}
)
async def register_oneself(
    form: SelfRegistration,
    store: ApiStore,
    keys: Keys,
    passwords: PasswordThreads,
    key: KeyedIdempotencyKey,
    attempts: CountedAttempts,
    address: Address,
) -> Response:
    """Register yourself; log in with the number in the answer and the password."""
    attempts.register(address)
    try:
        answer = await register_self(
            store, keys, passwords, form.district, key, form.values(), form.password, form.language
        )
    except RefusedError as refused:
        attempts.not_registered(address, refused)
        raise
    return answer.response()


@router.get("/counts")
async def count_volunteers(
    store: ApiStore,
    caller: Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, *UNIT_HEADS, Role.AUDITOR, Role.OPERATOR))],
) -> VolunteerCounts:
    """Count the district's volunteers by category."""
    found = await queries.counts(store, caller.district)
    by_category = {category.value: found.get(category.value, 0) for category in VolunteerCategory}
    return VolunteerCounts(total=sum(by_category.values()), by_category=by_category)


@router.get("")
async def list_volunteers(
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, units=UNIT_HEADS))],
    page: RequestedPage,
    q: Annotated[
        str, Query(max_length=32, pattern="^[0-9A-Za-z]*$", description="what the volunteer number starts with")
    ] = "",
    category: VolunteerCategory | None = None,
) -> Page[VolunteerView]:
    """List volunteers by number, personal data masked; team leaders and station managers see their own teams."""
    found = await queries.volunteers(store, keys, caller, page, number=q, category=category and category.value)
    next_cursor = cursor(found[-1].number) if len(found) == page.limit else None
    return Page(items=[VolunteerView.model_validate(item) for item in found], next_cursor=next_cursor)


@router.get("/{volunteer_id}")
async def show_volunteer(
    volunteer_id: UUID,
    store: ApiStore,
    keys: Keys,
    caller: Annotated[
        Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, units=UNIT_HEADS, own=[Role.VOLUNTEER]))
    ],
) -> VolunteerView:
    """Show a volunteer, personal data masked; volunteers see themselves."""
    return VolunteerView.model_validate(await queries.volunteer(store, keys, caller, volunteer_id))
