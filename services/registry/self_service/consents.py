"""The texts that people consent to when they register, each version for as long as somebody has consented to it.

Invariant: a text that was shown is never changed: another wording is another version, and is put beside the old one.
Consents are asked for apart (PIPL art. 14, 23, 29, 39), and a service is not refused for want of one that it does not
need (art. 16): two are needed to register, two are a choice.
"""

from dataclasses import dataclass
from enum import StrEnum


class ConsentPurpose(StrEnum):
    """What data is handled for."""

    SERVICE = "service"
    ID_NUMBER = "id_number"
    NOTICES = "notices"
    PUBLICITY = "publicity"


NEEDED = (ConsentPurpose.SERVICE, ConsentPurpose.ID_NUMBER)
"""Without these nobody can be registered."""


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One version of a text, as (Chinese, English)."""

    version: str
    title: tuple[str, str]
    text: tuple[str, str]


TEXTS: dict[ConsentPurpose, ConsentText] = {
    ConsentPurpose.SERVICE: ConsentText(
        "2026-11-1",
        ("处理个人信息以组织志愿服务", "Handling your data to organise volunteering"),
        (
            "我同意区志愿服务中心为组织志愿服务、记录服务时间处理我的姓名、性别、手机号、所属组织、特长和服务意向，"
            "至少保存十年。我可以查询、复制、更正，也可以注销登记并停止使用；注销后服务时间的记录仍保留，但不再与我相连。",
            "I agree that the district's volunteer centre handles my name, sex, phone number, organisation, skills and "
            "interests to organise volunteering and to record my hours, and keeps them for at least ten years. I may "
            "see, copy and correct them, and end my registration; hours stay on record then, no longer tied to me.",
        ),
    ),
    ConsentPurpose.ID_NUMBER: ConsentText(
        "2026-11-1",
        ("单独同意：身份证号", "Separate consent: ID number"),
        (
            "身份证号是敏感个人信息。我同意用它核对本人身份、避免重复登记；它加密保存，只显示首尾几位。",
            "The ID number is sensitive data. I agree that it is used to tell who I am and to register nobody twice; "
            "it is kept encrypted, and only its ends are shown.",
        ),
    ),
    ConsentPurpose.NOTICES: ConsentText(
        "2026-11-1",
        ("可选：活动通知", "A choice: notices"),
        (
            "我愿意通过短信或邮件收到报名、提醒和服务时间的通知。不同意不影响登记，站内消息照常。",
            "I would like to be told by text message or mail of sign-ups, reminders and hours. Without it I can "
            "register all the same, and find messages in my inbox.",
        ),
    ),
    ConsentPurpose.PUBLICITY: ConsentText(
        "2026-11-1",
        ("可选：公开姓名", "A choice: my name in public"),
        (
            "获得表彰时，我同意公开我的完整姓名。不同意则只公开遮盖后的姓名。",
            "If I am honoured, my whole name may be published. Without it only a masked name is.",
        ),
    ),
}
"""The present version of each."""
