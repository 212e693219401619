"""A volunteer's first page, of one list of sign-ups: what is next, what comes later, what is to be done."""

from datetime import timedelta

from services.portal.me.queries import Start
from services.portal.timetable.queries import MySignUp
from shared.store.event_log import now
from tests.unit.portal.timetable.test_sign_ups import HOUR, sign_up

DAY = timedelta(days=1)


def start(*sign_ups: MySignUp) -> Start:
    latest_first = sorted(sign_ups, key=lambda one: one.starts_at, reverse=True)  # as activities lists them
    return Start(None, latest_first, [], None, None)


def test_what_begins_first_is_next_and_the_rest_is_later_what_one_waits_for_last() -> None:
    soon, then, waits = (
        sign_up(begins=now() + DAY),
        sign_up(begins=now() + 3 * DAY),
        sign_up("waiting", listed="waiting", begins=now() + 2 * DAY),
    )
    shown = start(then, waits, soon)
    assert shown.next == soon
    assert shown.later == [then, waits]
    assert shown.to_do == []


def test_more_than_a_handful_is_for_the_list_of_all() -> None:
    many = [sign_up(begins=now() + number * DAY) for number in range(1, 9)]
    waits = [sign_up("waiting", listed="waiting", begins=now() + number * DAY) for number in range(1, 9)]
    assert start(*many, *waits).later == many[1:4] + waits[:3]


def test_what_waits_for_an_answer_or_lacks_a_check_out_is_to_be_done() -> None:
    offered = sign_up("offered", listed="waiting", begins=now() + DAY, answer_by=now() + HOUR)
    forgotten = sign_up("missing_check_out", listed="past", begins=now() - DAY)
    done = sign_up("completed", listed="past", begins=now() - 2 * DAY)
    assert start(done, forgotten, offered).to_do == [offered, forgotten]


def test_nothing_is_next_where_the_list_is_away_or_all_is_over() -> None:
    assert Start(None, None, None, None, None).next is None
    assert start(sign_up("completed", listed="past", begins=now() - DAY)).next is None
