"""What a question type is: one class that reads, judges, describes and shows one kind of answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from portal.lib.registry import Registry
from services.forms.cleaning import clean, cut
from services.forms.documents import Question, Sources

Typed = Mapping[str, list[str]]  # input suffix -> what was sent under it


@dataclass(frozen=True)
class Context:
    """What the rules may look at besides the answers.

    `files`: id of a file -> key of the question it was uploaded for; `sizes`: id of a file -> bytes.
    """

    today: date
    sources: Sources = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """Why an answer cannot be taken. `template` is a sentence with %(name)s or %(Name)s and the facts."""

    code: str
    template: Any
    facts: Mapping[str, Any] = field(default_factory=dict)


class QuestionType:
    """`parse` and `normalise` never refuse: they give back the odd value so that the page can show it again; `check` judges."""

    template: ClassVar[str] = "components/questions/text.html"
    suffixes: ClassVar[tuple[str, ...]] = ("",)
    fieldset: ClassVar[bool] = False
    marked: ClassVar[bool] = False  # an empty answer sends nothing: the page says that it asked
    answers: ClassVar[bool] = True
    missing: ClassVar[Any] = _("Isi %(name)s")
    width: ClassVar[str] = "k-w24"
    inputmode: ClassVar[str] = ""
    autocomplete: ClassVar[str] = "off"
    input_type: ClassVar[str] = "text"

    def parse(self, question: Question, typed: Typed) -> Any:
        """The value of what was typed; None when nothing was."""
        return self.normalise(question, (typed.get("") or [""])[0])

    def normalise(self, question: Question, value: Any) -> Any:
        """The same answer in its one spelling. Doing it twice changes nothing."""
        return clean(cut(value, question.limit)) if isinstance(value, str) else value

    def empty(self, value: Any) -> bool:
        return value is None or value in ("", [], {})

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        raise NotImplementedError

    def schema(self, question: Question) -> dict[str, Any]:
        """JSON Schema of a given answer; what cannot be said there is left to `check`."""
        raise NotImplementedError

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        """What the inputs hold so that the page shows this value."""
        return {"": value if isinstance(value, str) else "" if value is None else str(value)}

    def show(self, question: Question, value: Any, context: Context) -> str:
        """The answer as a person reads it."""
        return str(value)

    def mask(self, text: str) -> str:
        """What is shown of a value that came from the person's account."""
        return text


question_types: Registry[QuestionType] = Registry("question type")
_made: dict[str, QuestionType] = {}


def type_of(question: Question) -> QuestionType:
    """The one instance of the question's type. Raises KeyError with the known names."""
    if question.type not in _made:
        _made[question.type] = question_types.get(question.type)()
    return _made[question.type]
