"""What stars does about events, and in which order."""

from services.assessment.app import PARTS
from services.assessment.ledger.imports import IMPORTS
from services.assessment.ledger.projections import LEDGER
from shared.contracts import ServiceLogged
from shared.service.service import reactions_of


def test_a_record_is_in_the_ledger_before_its_import_is_closed_and_who_moved_away_is_looked_for_last() -> None:
    steps = reactions_of("assessment", PARTS).steps
    assert [step.projects for step in steps if ServiceLogged in step.histories] == [LEDGER, IMPORTS, None]
