"""A message's words: the templates, filled in with facts, in the reader's language.

Invariant: the result is plain text. Nothing here is HTML, so nothing is escaped; times are those of a clock on the
wall in China.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notifications.messages.domain import Facts
from shared.contracts.calendar import CHINA
from shared.contracts.codes import qualifications_named

WEEKDAYS_ZH = "一二三四五六日"
NUMERALS_ZH = "零一二三四五"
MINUTES_PER_HOUR = 60


class Language(StrEnum):
    """A language there are templates in."""

    CHINESE = "zh-CN"
    ENGLISH = "en"

    @classmethod
    def of(cls, tag: str) -> "Language":
        """Return the language nearest to a BCP 47 tag; Chinese where it is neither."""
        return cls.ENGLISH if tag.lower().startswith("en") else cls.CHINESE


@dataclass(frozen=True, slots=True)
class Text:
    """A worded message: the subject is one line, the body has no trailing line break."""

    subject: str
    body: str


class UnwordableError(Exception):
    """A template and a message's facts do not fit together."""


def word(template: str, language: Language, facts: Facts) -> Text:
    """Return a message's words. Raises UnwordableError, for one where a fact that the template wants is not there."""
    try:
        return _text(template, language, facts)
    except Exception as error:  # whatever a template and its filters may meet
        raise UnwordableError(f"{template}: {type(error).__name__}") from error


def unreadable(language: Language) -> Text:
    """Return what is shown in place of a message that cannot be worded."""
    return _text("unreadable", language, {})


def letter_body(language: Language, name: str, text: Text) -> str:
    """Return a mail's body: the message between a greeting by name and the platform's signature."""
    return _ENVIRONMENTS[language].get_template("letter.txt").render(name=name, body=text.body) + "\n"


def text_to_guardian(language: Language, number: str, text: Text) -> str:
    """Return what a minor's guardian is texted: the message as one paragraph; ``number`` is the minor's."""
    body = " ".join(text.body.split()) if language is Language.ENGLISH else "".join(text.body.splitlines())
    return _ENVIRONMENTS[language].get_template("guardian.txt").render(number=number, body=body)


def _text(name: str, language: Language, facts: Facts) -> Text:
    subject, _, body = _ENVIRONMENTS[language].get_template(f"{name}.txt").render(facts).partition("\n\n")
    return Text(subject, body)


def _moment_zh(iso: str) -> str:
    at = datetime.fromisoformat(iso).astimezone(CHINA)
    return f"{at.year}年{at.month}月{at.day}日（周{WEEKDAYS_ZH[at.weekday()]}）{at:%H:%M}"


def _moment_en(iso: str) -> str:
    at = datetime.fromisoformat(iso).astimezone(CHINA)
    return f"{at:%A}, {at.day} {at:%B %Y} at {at:%H:%M} (China time)"


def _day_zh(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.year}年{day.month}月{day.day}日"


def _day_en(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"


RHYTHMS = {
    "weekly": ("每周一次", "once a week"),
    "fortnightly": ("每两周一次", "once a fortnight"),
    "monthly": ("每月一次", "once a month"),
}
"""How often a household is visited, in Chinese and English."""


def _rhythm_zh(code: str) -> str:
    return RHYTHMS[code][0]


def _rhythm_en(code: str) -> str:
    return RHYTHMS[code][1]


def _duration_zh(minutes: int) -> str:
    hours, rest = divmod(minutes, MINUTES_PER_HOUR)
    return " ".join(part for part in (f"{hours} 小时" * bool(hours), f"{rest} 分钟" * bool(rest or not hours)) if part)


def _duration_en(minutes: int) -> str:
    hours, rest = divmod(minutes, MINUTES_PER_HOUR)
    return " ".join(part for part in (f"{hours} h" * bool(hours), f"{rest} min" * bool(rest or not hours)) if part)


def _numeral_zh(number: int) -> str:
    return NUMERALS_ZH[number] if 0 <= number < len(NUMERALS_ZH) else str(number)


FIELDS = {
    "title": ("名称", "title"),
    "service": ("服务类型", "kind of service"),
    "place": ("地点", "place"),
    "person_in_charge": ("负责人", "person in charge"),
    "risk_text": ("风险提示", "risks"),
    "description": ("活动说明", "description"),
}
"""What is said of an activity, in Chinese and English."""
KINDS = {
    "centres": ("达标中心", "standard centres"),
    "stations": ("达标站点", "standard stations"),
    "teams": ("团队", "teams"),
    "communities": ("有达标站点的社区", "communities with a standard station"),
}
"""What a plan for the network counts, in Chinese and English."""
OF_PERSON = {
    "name": ("姓名", "name"),
    "id_number": ("身份证号", "ID number"),
    "category": ("人员类别", "category"),
    "organisation": ("所属组织", "organisation"),
}
"""What is on file of a person, in Chinese and English."""
OTHER_FIELD = ("其他信息", "other details")


def _fields_zh(names: str) -> str:
    return "、".join((FIELDS | OF_PERSON).get(name, OTHER_FIELD)[0] for name in names.split())


def _fields_en(names: str) -> str:
    return ", ".join((FIELDS | OF_PERSON).get(name, OTHER_FIELD)[1] for name in names.split())


def _kinds_zh(names: str) -> str:
    return "、".join(KINDS.get(name, OTHER_FIELD)[0] for name in names.split())


def _kinds_en(names: str) -> str:
    return ", ".join(KINDS.get(name, OTHER_FIELD)[1] for name in names.split())


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates" / language),
        autoescape=False,  # noqa: S701  plain text: escaping would show readers "&amp;"
        undefined=StrictUndefined,
    )
    chinese = language is Language.CHINESE
    environment.filters["moment"] = _moment_zh if chinese else _moment_en
    environment.filters["day"] = _day_zh if chinese else _day_en
    environment.filters["rhythm"] = _rhythm_zh if chinese else _rhythm_en
    environment.filters["duration"] = _duration_zh if chinese else _duration_en
    environment.filters["fields"] = _fields_zh if chinese else _fields_en
    environment.filters["kinds"] = _kinds_zh if chinese else _kinds_en
    environment.filters["qualifications"] = lambda kinds: qualifications_named(kinds.split(), language)
    environment.filters["numeral"] = _numeral_zh if chinese else str
    return environment


_ENVIRONMENTS = {language: _environment(language) for language in Language}
