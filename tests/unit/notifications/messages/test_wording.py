"""The words of every message in both languages."""

import pytest

from services.notifications.messages.domain import Facts, Template
from services.notifications.messages.wording import Language, letter_body, word

SHIFT: Facts = {"activity_title": "Tea & <talk>", "starts_at": "2026-02-28T17:30:00+00:00"}
MOVED: Facts = {
    **SHIFT,
    "from_starts_at": "2026-02-28T01:00:00+00:00",
    "ends_at": "2026-02-28T19:30:00+00:00",
    "place": "Hall 1",
}
FACTS: dict[Template, Facts] = {
    Template.VOLUNTEER_REGISTERED: {"volunteer_no": "510115-000001"},
    Template.SIGN_UP_CONFIRMED: {"activity_title": "Tea & <talk>", "starts_at": "2026-02-28T17:30:00+00:00"},
    Template.SIGN_UP_WAITING: {**SHIFT, "position": 12},
    Template.SIGN_UP_PROMOTED: {"activity_title": "Tea & <talk>", "starts_at": "2026-02-28T17:30:00+00:00"},
    Template.SHIFT_REMINDER: {"activity_title": "Tea & <talk>", "starts_at": "2026-02-28T17:30:00+00:00"},
    Template.PLACE_OFFERED: {**SHIFT, "place": "Hall 1", "answer_by": "2026-02-27T10:00:00+00:00"},
    Template.OFFER_EXPIRED: SHIFT,
    Template.NOT_AGREED: SHIFT,
    Template.SHIFT_MOVED: {**MOVED, "answer_by": "2026-02-27T10:00:00+00:00"},
    Template.WAITING_MOVED: MOVED,
    Template.SHIFT_CANCELLED: {**SHIFT, "reason": "Storm"},
    Template.PLACE_TAKEN: {**SHIFT, "reason": ""},
    Template.TAKEN_OFF: {**SHIFT, "reason": "Called in sick"},
    Template.ACTIVITY_CHANGED: {"activity_title": "Tea & <talk>", "changed": "place description told_tomorrow"},
    Template.PLACE_FREE: SHIFT,
    Template.LED_SHIFT_CANCELLED: {**SHIFT, "reason": "Storm"},
    Template.LED_ACTIVITY_CANCELLED: {"activity_title": "Tea & <talk>", "reason": "Storm"},
    Template.CHECK_OUT_MISSED: {"activity_title": "Tea & <talk>", "checked_in_at": "2026-02-28T17:30:00+00:00"},
    Template.CLAIM_ACCEPTED: {"activity_title": "Tea & <talk>", "minutes": 90, "reason": "", "excused": 1},
    Template.CLAIM_REFUSED: {"activity_title": "Tea & <talk>", "minutes": 0, "reason": "Not on the list"},
    Template.HOURS_CREDITED: {"activity_title": "Tea & <talk>", "minutes": 90, "lifetime_minutes": 6000},
    Template.SHIFT_MISSED: SHIFT,
    Template.ABSENCE_EXCUSED: {"activity_title": "Tea & <talk>", "is_late": 1, "reason": "Storm"},
    Template.HOURS_CORRECTED: {
        "activity_title": "Tea & <talk>",
        "minutes": 90,
        "previous_minutes": 60,
        "lifetime_minutes": 6030,
    },
    Template.STAR_LEVEL_REACHED: {"level": 3, "lifetime_minutes": 36000},
    Template.PAIRING_BEGUN: {"station": "柳城社区志愿服务站", "rhythm": "weekly", "starts_on": "2026-12-01"},
    Template.PAIRING_ENDED: {"station": "柳城社区志愿服务站", "ended_on": "2027-11-30"},
    Template.TEAM_PAIRED: {
        "team": "第1服务队",
        "station": "柳城社区志愿服务站",
        "rhythm": "weekly",
        "starts_on": "2026-12-01",
    },
    Template.TEAM_PAIRING_ENDED: {"team": "第1服务队", "station": "柳城社区志愿服务站", "ended_on": "2027-11-30"},
    Template.CRITERION_LAPSED: {
        "station": "柳城社区志愿服务站",
        "criterion": "有长期活动",
        "criterion_en": "Long-term activities",
        "cause": "computed",
        "status": "lapsed",
    },
    Template.STATION_STANDARD: {"station": "柳城社区志愿服务站"},
    Template.TARGET_MISSED: {"title": "一中心十站点", "due_on": "2026-07-31", "kinds": "centres stations"},
    Template.MINOR_READING_ASKED: {"answer_by": "2026-03-15T15:59:59+00:00"},
    Template.AGREEMENT_EXPIRING: {
        "university": "西南财经大学青年志愿者协会",
        "station": "柳城社区志愿服务站",
        "ends_on": "2027-02-28",
    },
    Template.QUALIFICATION_VERIFIED: {"kinds": "first_aid", "expires_on": ""},
    Template.QUALIFICATION_REFUSED: {"kinds": "first_aid", "expires_on": "2026-03-31"},
    Template.QUALIFICATION_EXPIRING: {"kinds": "first_aid", "expires_on": "2026-03-31"},
    Template.QUALIFICATION_EXPIRED: {"kinds": "first_aid", "expires_on": "2026-03-31"},
    Template.QUALIFICATION_REVOKED: {"kinds": "first_aid", "expires_on": ""},
    Template.QUALIFICATION_LACKING: {**SHIFT, "kinds": "driver first_aid"},
    Template.GUARDIAN_TOOK_BACK: SHIFT,
    Template.RULE_TO_ACCEPT: {"title": "志愿者守则", "required_from": "2027-01-01"},
    Template.PLACEMENT_EXPIRED: {"station": "柳城社区志愿服务站", "answer_by": "2026-03-15T15:59:59+00:00"},
    Template.TEAM_INVITED: {"team": "法律咨询队", "answer_by": "2026-03-15T15:59:59+00:00"},
    Template.TEAM_INVITATION_EXPIRED: {"team": "法律咨询队", "answer_by": "2026-03-15T15:59:59+00:00"},
    Template.TRAINING_DELIVERED: {"subject": "Visiting & <talking>", "has_quiz": 1},
    Template.TEAM_FORMED: {"team": "法律咨询队"},
    Template.TEAM_NOT_FORMED: {"team": "法律咨询队", "reason": "已有同类服务队"},
    Template.TEAM_MERGED: {"team": "新庄社区第1服务队", "into": "新庄社区第2服务队"},
    Template.TEAM_CLOSED: {"team": "新庄社区第1服务队"},
    Template.ENTRIES_MERGED: {"merged": "51011500019004", "kept": "51011500027301"},
    Template.MERGE_UNDONE: {"merged": "51011500019004", "kept": "51011500027301"},
    Template.CORRECTION_ACCEPTED: {"field": "name"},
    Template.CORRECTION_REFUSED: {"field": "id_number"},
    Template.MOVE_REFUSED: {"to": "双流区"},
    Template.PLACEMENT_PROPOSED: {"station": "柳城社区志愿服务站", "answer_by": "2026-03-15T15:59:59+00:00"},
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", Template)
def test_every_template_gives_one_subject_line_and_a_body(template: Template, language: Language) -> None:
    text = word(template, language, FACTS[template])
    assert text.subject
    assert "\n" not in text.subject
    assert text.body
    assert "{" not in text.subject + text.body
    assert all(str(fact) in text.subject + text.body for key, fact in FACTS[template].items() if key.endswith("title"))


@pytest.mark.parametrize("language", Language)
def test_a_reason_is_told_where_one_was_given(language: Language) -> None:
    for template in (
        Template.SHIFT_CANCELLED,
        Template.PLACE_TAKEN,
        Template.CLAIM_REFUSED,
        Template.ABSENCE_EXCUSED,
    ):
        without, given = ({**FACTS[template], "reason": reason} for reason in ("", "Storm"))
        assert "Storm" in word(template, language, given).body
        assert len(word(template, language, without).body) < len(word(template, language, given).body) - len("Storm")


@pytest.mark.parametrize(
    ("is_late", "chinese", "english"), [(1, "临近取消", "withdrew late"), (0, "未到场", "were not at")]
)
def test_what_is_not_counted_any_more_is_named(is_late: int, chinese: str, english: str) -> None:
    facts = {**FACTS[Template.ABSENCE_EXCUSED], "is_late": is_late}
    assert chinese in word(Template.ABSENCE_EXCUSED, Language.CHINESE, facts).body
    assert english in word(Template.ABSENCE_EXCUSED, Language.ENGLISH, facts).body


def test_what_was_changed_is_named_in_the_reader_s_words() -> None:
    facts = FACTS[Template.ACTIVITY_CHANGED]
    assert "地点、活动说明、其他信息" in word(Template.ACTIVITY_CHANGED, Language.CHINESE, facts).body
    assert "place, description, other details" in word(Template.ACTIVITY_CHANGED, Language.ENGLISH, facts).body


def test_times_are_those_of_the_clock_in_china() -> None:
    facts = FACTS[Template.SIGN_UP_CONFIRMED]
    assert "2026年3月1日\uff08周日\uff0901:30" in word(Template.SIGN_UP_CONFIRMED, Language.CHINESE, facts).body
    assert "Sunday, 1 March 2026 at 01:30" in word(Template.SIGN_UP_CONFIRMED, Language.ENGLISH, facts).body


@pytest.mark.parametrize(
    ("minutes", "chinese", "english"),
    [(0, "0 分钟", "0 min"), (45, "45 分钟", "45 min"), (60, "1 小时", "1 h"), (150, "2 小时 30 分钟", "2 h 30 min")],
)
def test_durations(minutes: int, chinese: str, english: str) -> None:
    facts = {**FACTS[Template.HOURS_CREDITED], "minutes": minutes}
    assert word(Template.HOURS_CREDITED, Language.CHINESE, facts).subject.endswith(chinese)
    assert word(Template.HOURS_CREDITED, Language.ENGLISH, facts).subject.endswith(english)


@pytest.mark.parametrize(("level", "chinese"), [(0, "零"), (5, "五"), (6, "6"), (-1, "-1")])
def test_a_level_beyond_the_numerals_is_a_figure(level: int, chinese: str) -> None:
    text = word(Template.STAR_LEVEL_REACHED, Language.CHINESE, {"level": level, "lifetime_minutes": 60})
    assert text.subject == f"恭喜您成为{chinese}星级志愿者"


def test_a_letter_greets_by_name() -> None:
    text = word(Template.STAR_LEVEL_REACHED, Language.CHINESE, FACTS[Template.STAR_LEVEL_REACHED])
    body = letter_body(Language.CHINESE, "张小明", text)
    assert body.startswith("张小明\uff0c您好")
    assert "三星级志愿者" in body
    assert body.endswith("\n")


@pytest.mark.parametrize(("tag", "language"), [("en-GB", "en"), ("EN", "en"), ("zh-CN", "zh-CN"), ("fr", "zh-CN")])
def test_the_nearest_language(tag: str, language: str) -> None:
    assert Language.of(tag) == language


@pytest.mark.row(16)
def test_what_expires_is_named_with_its_last_day() -> None:
    facts = FACTS[Template.QUALIFICATION_EXPIRING]
    chinese = word(Template.QUALIFICATION_EXPIRING, Language.CHINESE, facts)
    english = word(Template.QUALIFICATION_EXPIRING, Language.ENGLISH, facts)
    assert "急救证\uff08救护员证\uff09有效期至2026年3月31日" in chinese.body
    assert "first aid certificate holds until the end of 31 March 2026" in english.body


@pytest.mark.row(16)
def test_all_that_is_lacking_is_named() -> None:
    facts = FACTS[Template.QUALIFICATION_LACKING]
    assert "机动车驾驶证、急救证" in word(Template.QUALIFICATION_LACKING, Language.CHINESE, facts).body
    assert "driving licence, first aid" in word(Template.QUALIFICATION_LACKING, Language.ENGLISH, facts).body
