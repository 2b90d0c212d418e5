"""The kinds of questions a form can ask: one class each."""

from services.forms.question_types import choice, moment, number, text
from services.forms.question_types.base import Context, Fault, QuestionType, Typed, question_types, type_of
from services.forms.question_types.choice import RADIOS_UP_TO, options_of
from services.forms.question_types.text import PRESETS

__all__ = [
    "PRESETS",
    "RADIOS_UP_TO",
    "Context",
    "Fault",
    "QuestionType",
    "Typed",
    "choice",
    "moment",
    "number",
    "options_of",
    "question_types",
    "text",
    "type_of",
]
