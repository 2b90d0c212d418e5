"""The frozen values of a journey as its page says it. References are slugs, codes and keys; texts are `{"id", "en"}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Text = Mapping[str, str]
Place = tuple[str, str]  # (key of a step, key of a question of its form)


@dataclass(frozen=True)
class Gift:
    """What the department names when a step is done, such as the number of a certificate, and where it goes on."""

    name: str
    label: Text
    to: tuple[Place, ...] = ()


@dataclass(frozen=True)
class JourneyStepRecord:
    key: str
    service: str  # its code
    why: Text = field(default_factory=dict)
    how: Text = field(default_factory=dict)
    after: tuple[str, ...] = ()
    opens_on: str = "COMPLETED"
    optional: bool = False
    may_have: bool = False
    presets: Mapping[str, str] = field(default_factory=dict)
    gives: tuple[Gift, ...] = ()


@dataclass(frozen=True)
class SharedQuestion:
    """Asked once; `to` names the questions it answers. It is worded as the first of them."""

    key: str
    to: tuple[Place, ...]


@dataclass(frozen=True)
class SharedPart:
    key: str
    title: Text
    questions: tuple[SharedQuestion, ...]


@dataclass(frozen=True)
class JourneyRecord:
    life_event: str
    title: Text
    intro: Text = field(default_factory=dict)
    steps: tuple[JourneyStepRecord, ...] = ()
    parts: tuple[SharedPart, ...] = ()
    illustrative: bool = True

    def questions(self) -> tuple[SharedQuestion, ...]:
        return tuple(question for part in self.parts for question in part.questions)

    def step(self, key: str) -> JourneyStepRecord | None:
        return next((step for step in self.steps if step.key == key), None)
