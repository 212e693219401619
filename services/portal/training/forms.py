"""The forms of training: material with its test, whom it is delivered to, and the answers of a test.

Invariant: what was typed is kept as it was. A question that nothing was typed for is none; a fault of registry's about
a question stands beside that question.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from services.portal.shell.forms import LongText, ShortText
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole

QUESTIONS, CHOICES = 5, 4
"""So many questions a form has, and so many choices each."""
LETTERS = "ABCD"
_OF_A_QUESTION = re.compile(r"quiz\.(\d+)\.\w+")
_SEVERAL = re.compile(r"[\s,，、;；]+")


class MaterialForm(BaseModel):
    """Material as it is typed; each of the lists holds one value a question, or a choice."""

    subject: ShortText = ""
    body: Annotated[str, Field(max_length=30_000)] = ""
    question: Annotated[list[ShortText], Field(max_length=QUESTIONS)] = []
    choice: Annotated[list[ShortText], Field(max_length=QUESTIONS * CHOICES)] = []
    right: Annotated[list[ShortText], Field(max_length=QUESTIONS)] = []
    pass_mark: ShortText = ""
    key: ShortText = ""

    def rows(self) -> Sequence[tuple[str, Sequence[str], str]]:
        """Return each question of the form with its choices and the letter of the right one."""
        questions, rights = _filled(self.question, QUESTIONS), _filled(self.right, QUESTIONS)
        choices = _filled(self.choice, QUESTIONS * CHOICES)
        return [(questions[at], choices[at * CHOICES : (at + 1) * CHOICES], rights[at]) for at in range(QUESTIONS)]

    def asked(self) -> Sequence[int]:
        """Return the places in the form of the questions that something was typed for."""
        return [at for at, (question, choices, _) in enumerate(self.rows()) if question or any(choices)]

    def faults(self, language: str) -> dict[str, str]:
        """Return that the pass mark is no number, where it is."""
        if self.pass_mark and whole(self.pass_mark) is None:
            return {"pass_mark": Fault("", Code.WHOLE_NUMBER).message(language)}
        return {}

    def material(self, document: bytes) -> dict[str, object]:
        """Return it as registry wants it; without a pass mark all answers must be right."""
        rows = self.rows()
        quiz = [_question(*rows[at]) for at in self.asked()]
        mark = whole(self.pass_mark) if self.pass_mark else len(quiz)
        said: dict[str, object] = {"subject": self.subject, "body": self.body.strip(), "quiz": quiz, "pass_mark": mark}
        return said | ({"file": b64encode(document).decode()} if document else {})

    def placed(self, faults: Mapping[str, str]) -> dict[str, str]:
        """Return registry's faults by the fields of the form: ``quiz-2`` is all of its third question."""
        asked = self.asked()
        found: dict[str, str] = {}
        for field, sentence in faults.items():
            of = _OF_A_QUESTION.fullmatch(field)
            at = int(of[1]) if of else len(asked)
            found.setdefault(f"quiz-{asked[at]}" if at < len(asked) else field, sentence)
        return found


def _filled(typed: Sequence[str], count: int) -> list[str]:
    return [*typed, *[""] * (count - len(typed))]


def _question(question: str, choices: Sequence[str], right: str) -> dict[str, object]:
    """Return a question with the choices that are filled in; what is right is -1 where it is none of them."""
    given = [(letter, choice) for letter, choice in zip(LETTERS, choices, strict=True) if choice]
    letters = [letter for letter, _ in given]
    at = letters.index(right) if right in letters else -1
    return {"question": question, "choices": [choice for _, choice in given], "right": at}


class DeliveryForm(BaseModel):
    """Whom material is delivered to."""

    audience: ShortText = "individuals"
    team: ShortText = ""
    numbers: LongText = ""
    key: ShortText = ""

    def body(self) -> dict[str, object]:
        """Return it as registry wants it; numbers are apart by whatever is none of them."""
        numbers = [number for number in _SEVERAL.split(self.numbers) if number]
        return {"audience": self.audience, "team": self.team, "volunteer_numbers": numbers}
