"""A district's rules as pages: read by all who work in it, set by its centre."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from services.portal.rules import queries
from services.portal.rules.domain import RULES
from services.portal.rules.forms import IN_ANY_UNIT, RulesForm, filled
from services.portal.rules.queries import RuleSets
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import READ_RULES, Visit
from services.portal.shell.forms import faults_of
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/rules", include_in_schema=False)

Reader = Annotated[Visit, Depends(page_for(*READ_RULES))]
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
_SEE_ACCOUNTS = (Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR)


@router.get("")
async def show_rules(visit: Reader, done: str = "") -> Response:
    """Show the rules that hold, and those of before and of later."""
    sets = await unless_away(visit.calls.read(queries.RULE_SETS))
    roles = visit.session.roles if visit.session else frozenset()
    sees_names = not roles.isdisjoint(_SEE_ACCOUNTS)
    makers = await queries.makers(visit.calls, sets.items) if sets and sees_names else {}
    shown = {"sets": sets, "makers": makers, "may_set": Role.DISTRICT_ADMIN in roles, "rules": RULES, "now": now()}
    return visit.page("rules/rules.html", **shown, done=done)


@router.get("/new")
async def show_form(visit: Centre) -> Response:
    """Show the form for other rules, filled in with those made last."""
    sets = await unless_away(visit.calls.read(queries.RULE_SETS))
    if sets is None:
        return visit.page("rules/new.html", sets=None)
    return _form(visit, sets, filled(sets.items[0].version, sets.items[0].minutes()))


@router.post("/new")
async def set_rules(visit: Centre, form: Annotated[RulesForm, Form()]) -> Response:
    """Set other rules, from a day on."""
    faults = form.faults(visit.look.language)
    if not faults:
        try:
            await visit.calls.change(queries.ADD_RULES, form.body(), key=form.key or None)
            return visit.go("/staff/rules?done=1")
        except RefusedByServiceError as refused:
            if not refused.is_about_the_request:
                raise
            faults = faults_of(refused)
    return _form(visit, await visit.calls.read(queries.RULE_SETS), form, faults)


def _form(visit: Visit, sets: RuleSets, form: RulesForm, faults: dict[str, str] | None = None) -> Response:
    shown = {"sets": sets, "form": form, "faults": faults or {}, "rules": RULES, "in_any_unit": IN_ANY_UNIT}
    return visit.page("rules/new.html", 422 if faults else 200, **shown, today=district_day(now()))
