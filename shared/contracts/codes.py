"""Code lists that services share, each code with its words in Chinese and English.

Invariant: a code is stored and sent, its words are shown; a code that was ever used stays in its list.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from shared.contracts.volunteer import VolunteerCategory


class Words(NamedTuple):
    """What a code is called."""

    zh: str
    en: str


SERVICES: Mapping[str, Words] = {
    "civic": Words("文明宣传", "civic campaigns"),
    "culture": Words("文化活动", "culture"),
    "disability": Words("助残服务", "help for people with disabilities"),
    "elderly": Words("为老服务", "help for the elderly"),
    "environment": Words("环保宣传", "environment"),
    "event": Words("赛会服务", "large events"),
    "health": Words("健康义诊", "free health checks"),
    "law": Words("法律与税法咨询", "law and tax advice"),
    "tutoring": Words("助学助教", "tutoring"),
    "youth": Words("关爱青少年", "care for young people"),
}
"""Kinds of service: what a volunteer wants to do, what a station needs, what a team and an activity are for."""

SERVICE_OF: Mapping[str, str] = {code: code for code in SERVICES} | {words.zh: code for code, words in SERVICES.items()}
"""A service as it may be written, code or Chinese name -> its code."""

CATEGORIES: Mapping[VolunteerCategory, Words] = {
    VolunteerCategory.UNIVERSITY_STUDENT: Words("大学生", "university student"),
    VolunteerCategory.CIVIL_SERVANT: Words("公务员", "civil servant"),
    VolunteerCategory.RETIRED_TEACHER: Words("退休教师", "retired teacher"),
    VolunteerCategory.PROFESSIONAL: Words("专业人士", "professional"),
    VolunteerCategory.RESIDENT: Words("居民", "resident"),
    VolunteerCategory.MINOR: Words("未成年人", "minor"),
}
"""Who volunteers, as the district counts them."""

QUALIFICATIONS: Mapping[str, Words] = {
    "doctor": Words("医师执业证", "doctor's licence"),
    "driver": Words("机动车驾驶证", "driving licence"),
    "electrician": Words("电工作业证", "electrician's permit"),
    "first_aid": Words("急救证（救护员证）", "first aid certificate"),
    "health": Words("健康证明", "health certificate"),
    "lawyer": Words("律师执业证", "lawyer's licence"),
    "lifeguard": Words("救生员证", "lifeguard's certificate"),
    "nurse": Words("护士执业证", "nurse's licence"),
    "psychologist": Words("心理咨询证书", "counselling certificate"),
    "social_worker": Words("社会工作者职业资格证", "social worker's certificate"),
    "tax": Words("税务师证", "tax adviser's certificate"),
    "teacher": Words("教师资格证", "teacher's certificate"),
}
"""What a volunteer can be qualified for by a paper, and an activity can need (Decree 685, art. 16)."""


def qualifications_named(codes: Iterable[str], language: str) -> str:
    """Return what kinds of qualification are called, one after the other, in ``zh-CN`` or ``en``."""
    index, between = (0, "、") if language.startswith("zh") else (1, ", ")
    return between.join(QUALIFICATIONS[code][index] if code in QUALIFICATIONS else code for code in codes)


SKILLS = {
    "cooking": "烹饪",
    "counselling": "心理咨询",
    "dance": "舞蹈",
    "driving": "驾驶",
    "english": "英语",
    "environment": "环保",
    "first_aid": "急救",
    "it": "信息技术",
    "japanese": "日语",
    "law": "法律",
    "music": "音乐",
    "nursing": "护理",
    "photography": "摄影",
    "repair": "维修",
    "sign_language": "手语",
    "tax": "税务",
    "tutoring": "辅导",
}
"""Skills, by code: what they are called in Chinese."""
