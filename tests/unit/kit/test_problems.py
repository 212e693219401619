"""A problem says in its sentences which field it is about, and when to try again."""

import pytest

from shared.contracts.faults import MESSAGES, Code, Fault
from shared.contracts.fields import word_of
from shared.http.problems import RETRY_AFTER, problem_body

FAULTS = [Fault("phone", Code.FORMAT), Fault("shifts.0.capacity", Code.MISSING), Fault("", Code.COLUMN_COUNT)]


def test_the_detail_names_each_field_in_the_reader_s_language() -> None:
    assert problem_body(422, "refused", FAULTS, "zh-CN")["detail"] == (
        "手机号码：格式不对；班次 第 1 项 人数：必填项为空，请填写；列数不对，请核对分隔符和引号"
    )
    assert problem_body(422, "refused", FAULTS[:2], "en")["detail"] == (
        "phone has the wrong format; shifts.0.capacity is required; fill it in"
    )
    assert [fault["message"] for fault in problem_body(422, "refused", FAULTS[:1], "zh-CN")["faults"]] == ["格式不对"]


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (1, "尝试次数过多，请 1 秒后再试", "There were too many tries; try again in 1 second"),
        (59, "尝试次数过多，请 59 秒后再试", "There were too many tries; try again in 59 seconds"),
        (60, "尝试次数过多，请 1 分钟后再试", "There were too many tries; try again in 1 minute"),
        (241, "尝试次数过多，请 5 分钟后再试", "There were too many tries; try again in 5 minutes"),
    ],
)
def test_who_tried_too_often_is_told_when_to_try_again(seconds: int, chinese: str, english: str) -> None:
    for language, sentence in (("zh-CN", chinese), ("en", english)):
        faults = [Fault("user_name", Code.TOO_OFTEN)]
        body = problem_body(429, "too-many-requests", faults, language, {RETRY_AFTER: seconds})
        assert (body["detail"], body["retry_after"]) == (sentence, seconds)


def test_a_version_that_is_missing_is_not_a_field_to_fill_in() -> None:
    assert "必填" not in MESSAGES[Code.VERSION_MISSING][0]
    assert "登记" not in MESSAGES[Code.NAME_TAKEN][0]


def test_a_field_without_a_word_and_ids_in_a_path() -> None:
    assert word_of("entries.01900000-0000-7000-8000-000000000001.reason") == "名单 原因"
    assert word_of("unheard_of") == "unheard_of"
    assert word_of("X-District") == "X-District"
