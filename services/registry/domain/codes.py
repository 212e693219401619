"""Code lists of the register, and the Chinese words that rosters use for them."""

from shared.contracts import VolunteerCategory

GENDERS = {"男": "male", "女": "female", "male": "male", "female": "female", "m": "male", "f": "female"}

CATEGORIES = {category.value: category for category in VolunteerCategory} | {
    "大学生": VolunteerCategory.UNIVERSITY_STUDENT,
    "高校学生": VolunteerCategory.UNIVERSITY_STUDENT,
    "公务员": VolunteerCategory.CIVIL_SERVANT,
    "退休教师": VolunteerCategory.RETIRED_TEACHER,
    "专业人士": VolunteerCategory.PROFESSIONAL,
    "专业技术人员": VolunteerCategory.PROFESSIONAL,
    "居民": VolunteerCategory.RESIDENT,
    "社区居民": VolunteerCategory.RESIDENT,
    "未成年人": VolunteerCategory.MINOR,
}

SERVICES = {
    "civic": "文明宣传",
    "culture": "文化活动",
    "disability": "助残服务",
    "elderly": "为老服务",
    "environment": "环保宣传",
    "event": "赛会服务",
    "health": "健康义诊",
    "law": "法律与税法咨询",
    "tutoring": "助学助教",
    "youth": "关爱青少年",
}
"""Kinds of service: what a volunteer wants to do, what a station needs, what a team is for."""

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

SERVICE_OF = {code: code for code in SERVICES} | {name: code for code, name in SERVICES.items()}
"""A service as it may be written, code or Chinese name -> its code."""
SKILL_OF = {code: code for code in SKILLS} | {name: code for code, name in SKILLS.items()}
"""A skill as it may be written, code or Chinese name -> its code."""

DIVISION_LEVELS = {"county": 6, "township": 9, "community": 12}
"""Level -> digits of its code (GB/T 2260 for the county, the statistics bureau's code below it)."""
STATION_LEVELS = frozenset({"centre", "station"})
