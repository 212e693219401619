"""What training material must say, whom it is delivered to, and what a test comes to.

Invariant: a test is of single choices, one of each is right, and its pass mark is a number of right answers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.contracts import text
from shared.contracts.evidence import LARGEST_EVIDENCE, media_type_of
from shared.contracts.faults import Code, Fault

MOST_QUESTIONS, MOST_CHOICES, LEAST_CHOICES = 10, 6, 2
MOST_PERSONS = 100
"""As many are named one by one; more are a group."""
_SUBJECT, _BODY, _QUESTION, _CHOICE = 100, 20_000, 200, 100


class Audience(StrEnum):
    """Whom material is delivered to."""

    INDIVIDUALS = "individuals"
    """Everybody who is of no team."""
    TEAM = "team"
    ALL = "all"
    PERSONS = "persons"


class Standing(StrEnum):
    """Which receipts are looked for."""

    ALL = "all"
    UNREAD = "unread"
    NOT_PASSED = "not_passed"
    """Of material with a test: who has not passed it."""
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its choices; ``right`` is the place of the right one, from 0."""

    question: str
    choices: tuple[str, ...]
    right: int


@dataclass(frozen=True, slots=True, repr=False)
class Material:
    """What the office wants to have learned: a text, a document or both, and a test or none."""

    subject: str
    body: str
    document: bytes | None
    quiz: tuple[Question, ...]
    pass_mark: int


def material_faults(material: Material) -> Iterator[Fault]:
    """Yield everything that is wrong with material."""
    if code := _text_fault(material.subject, _SUBJECT):
        yield Fault("subject", code)
    if material.body:
        if code := _text_fault(material.body, _BODY):
            yield Fault("body", code)
    elif material.document is None:
        yield Fault("body", Code.MISSING)
    if material.document is not None:
        if len(material.document) > LARGEST_EVIDENCE:
            yield Fault("file", Code.TOO_LARGE)
        elif media_type_of(material.document) is None:
            yield Fault("file", Code.FILE_TYPE)
    yield from _quiz_faults(material.quiz, material.pass_mark)


def _quiz_faults(quiz: Sequence[Question], pass_mark: int) -> Iterator[Fault]:
    if len(quiz) > MOST_QUESTIONS:
        yield Fault("quiz", Code.TOO_MANY)
        return
    for number, question in enumerate(quiz):
        if code := _text_fault(question.question, _QUESTION):
            yield Fault(f"quiz.{number}.question", code)
        if not LEAST_CHOICES <= len(question.choices) <= MOST_CHOICES:
            few = len(question.choices) < LEAST_CHOICES
            yield Fault(f"quiz.{number}.choices", Code.MISSING if few else Code.TOO_MANY)
        elif code := next(filter(None, (_text_fault(choice, _CHOICE) for choice in question.choices)), None):
            yield Fault(f"quiz.{number}.choices", code)
        elif len(set(question.choices)) < len(question.choices):
            yield Fault(f"quiz.{number}.choices", Code.NAMED_TWICE)
        if not 0 <= question.right < max(len(question.choices), 1):
            yield Fault(f"quiz.{number}.right", Code.OUT_OF_RANGE)
    if not (1 if quiz else 0) <= pass_mark <= len(quiz):
        yield Fault("pass_mark", Code.OUT_OF_RANGE)


def _text_fault(value: str, longest: int) -> Code | None:
    if not value:
        return Code.MISSING
    if len(value) > longest:
        return Code.TOO_LONG
    if text.has_control_character(value.replace("\n", "").replace("\t", "")):
        return Code.CONTROL_CHARACTER
    return Code.GARBLED if text.is_garbled(value) else None


def right_answers(rights: Sequence[int], answers: Sequence[int]) -> int:
    """Return how many of the answers are right; both are places of choices, question by question."""
    return sum(right == answer for right, answer in zip(rights, answers, strict=True))
