"""Row 6: by purpose and version; the last statement holds, what nobody can be registered without is not taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.consents.domain import (
    BY_ORGANISATION,
    LatestConsent,
    StatedConsent,
    check_statement,
    consent_faults,
    consent_id,
    holds,
    news,
    with_every_choice,
)
from services.registry.consents.texts import EVERY_TEXT, NEEDED, TEXTS, ConsentPurpose
from shared.contracts.faults import Code, RefusedError
from shared.store.event_log import new_id

purposes = st.sampled_from(ConsentPurpose)
statements = st.lists(st.tuples(purposes, st.booleans()), max_size=12)


def stated(purpose: ConsentPurpose, *, given: bool, version: str = "") -> StatedConsent:
    return StatedConsent(purpose, version or TEXTS[purpose].version, given)


@pytest.mark.row(6)
def test_every_purpose_has_a_text_in_both_languages_and_its_present_one_is_kept_with_the_old_ones() -> None:
    assert set(TEXTS) == set(ConsentPurpose)
    for (purpose, version), text in EVERY_TEXT.items():
        assert all(text.title), purpose
        assert all(text.text), purpose
        assert version == text.version


@pytest.mark.row(6)
@given(statements)
def test_of_a_purpose_the_last_statement_holds_and_saying_it_again_is_no_news(
    said: list[tuple[ConsentPurpose, bool]],
) -> None:
    latest: dict[ConsentPurpose, LatestConsent] = {}
    for purpose, agreed in said:
        new = news([stated(purpose, given=agreed)], latest)
        before = latest.get(purpose)
        assert bool(new) == (before is None or before.given != agreed)
        if new:
            number = before.statements + 1 if before else 1
            latest[purpose] = LatestConsent(agreed, TEXTS[purpose].version, number)
        assert holds(purpose, latest[purpose].given, by_organisation=True) == agreed


@pytest.mark.row(6)
@given(purposes)
def test_agreeing_to_a_new_version_is_news_and_taking_back_an_old_one_again_is_not(purpose: ConsentPurpose) -> None:
    assert news([stated(purpose, given=True)], {purpose: LatestConsent(True, "an older one", 1)})
    assert not news([stated(purpose, given=False)], {purpose: LatestConsent(False, "an older one", 1)})


@pytest.mark.row(6)
@given(purposes, st.booleans(), st.booleans())
def test_what_is_needed_ends_with_the_registration_alone_and_everything_else_at_once(
    purpose: ConsentPurpose, agreed: bool, present: bool
) -> None:
    version = TEXTS[purpose].version if present else "an older one"
    wanted = None
    if purpose in NEEDED and not agreed:
        wanted = Code.NEEDED_TO_SERVE
    elif agreed and not present:
        wanted = Code.CHANGED_MEANWHILE
    if wanted is None:
        check_statement(StatedConsent(purpose, version, agreed))
        return
    with pytest.raises(RefusedError) as refused:
        check_statement(StatedConsent(purpose, version, agreed))
    assert [fault.code for fault in refused.value.faults] == [wanted]


@pytest.mark.row(1, 6)
@given(statements)
def test_whoever_registers_has_said_something_of_every_purpose_and_silence_is_no(
    said: list[tuple[ConsentPurpose, bool]],
) -> None:
    registering = [stated(purpose, given=agreed) for purpose, agreed in dict(said).items()]
    complete = with_every_choice(registering)
    assert [each.purpose for each in complete] == list(TEXTS)
    assert {each.purpose for each in complete if each.given} == {each.purpose for each in registering if each.given}
    missing = {fault.field for fault in consent_faults(registering)}
    assert missing == {f"consents.{purpose}" for purpose in NEEDED if not dict(said).get(purpose)}


@pytest.mark.row(1, 6)
def test_an_organisation_speaks_for_what_serving_needs_and_never_for_a_name_in_public() -> None:
    for purpose in ConsentPurpose:
        assert holds(purpose, None, by_organisation=True) == (purpose in BY_ORGANISATION)
        assert not holds(purpose, None, by_organisation=False)
    assert ConsentPurpose.PUBLICITY not in BY_ORGANISATION


@pytest.mark.row(6)
def test_each_person_s_consent_to_each_purpose_has_versions_of_its_own() -> None:
    one, other = new_id(), new_id()
    ids = {consent_id(volunteer, purpose) for volunteer in (one, other) for purpose in ConsentPurpose}
    assert len(ids) == 2 * len(ConsentPurpose)
