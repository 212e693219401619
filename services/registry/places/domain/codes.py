"""Code lists of the register, and the Chinese words that rosters use for them."""

from shared.contracts import VolunteerCategory
from shared.contracts.codes import CATEGORIES as CATEGORY_WORDS
from shared.contracts.codes import SKILLS

GENDERS = {"男": "male", "女": "female", "male": "male", "female": "female", "m": "male", "f": "female"}

CATEGORIES = (
    {category.value: category for category in VolunteerCategory}
    | {words.zh: category for category, words in CATEGORY_WORDS.items()}
    | {
        "高校学生": VolunteerCategory.UNIVERSITY_STUDENT,
        "专业技术人员": VolunteerCategory.PROFESSIONAL,
        "社区居民": VolunteerCategory.RESIDENT,
    }
)
"""A category as it may be written, code or Chinese word -> the category."""

SKILL_OF = {code: code for code in SKILLS} | {name: code for code, name in SKILLS.items()}
"""A skill as it may be written, code or Chinese name -> its code."""

DIVISION_LEVELS = {"county": 6, "township": 9, "community": 12}
"""Level -> digits of its code (GB/T 2260 for the county, the statistics bureau's code below it)."""
CENTRE = "centre"
STATION_LEVELS = frozenset({CENTRE, "station"})
TEAM_KINDS = ("community", "professional", "unclassified")
"""What a team can be formed as. Files bring others too: they count as unclassified."""
HEAD_TEAMS_KIND = "university"
"""Teams of this kind are their organisation's head team, unless it is said otherwise (domain.md section 1, line 15)."""
YES_NO = {"是": True, "否": False, "yes": True, "no": False, "true": True, "false": False}
