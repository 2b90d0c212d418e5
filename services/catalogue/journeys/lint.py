"""What keeps a journey from being published, and what its author should look at again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from portal.lib.clocks import today
from services.catalogue.journeys.records import JourneyRecord, JourneyStepRecord, Place
from services.catalogue.journeys.shared_form import NOT_SHARED, published_documents, question_in, shared_document
from services.catalogue.models import Opens, Service
from services.catalogue.regions import kelurahan_source
from services.forms import documents, lint
from services.forms.documents import Document, localized
from services.forms.question_types import Context, type_of

KEY = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,58}[a-z0-9])?")


@dataclass(frozen=True)
class Finding:
    """`level`: error (cannot be published) or warning. `place`: title, intro, steps or shared."""

    level: str
    place: str
    text: str


def findings(record: JourneyRecord) -> list[Finding]:
    """Everything that is wrong with a journey as it stands against today's services and published forms."""
    return list(_Judge(record, published_documents(record)).all())


def errors_of(record: JourneyRecord) -> list[Finding]:
    return [found for found in findings(record) if found.level == "error"]


class _Judge:
    def __init__(self, record: JourneyRecord, forms: Mapping[str, Document]) -> None:
        self.record, self.forms = record, forms
        self.services = {s.code: s for s in Service.objects.filter(code__in={s.service for s in record.steps})}
        self.filled: dict[Place, str] = {}

    def all(self) -> Iterator[Finding]:
        if not self.record.steps:
            yield _error("steps", _("Isi langkah-langkahnya: paling sedikit satu layanan."))
        if not (self.record.intro.get("id") or "").strip():
            yield _error("intro", _("Isi pengantar: apa yang dicapai warga di akhir urusan ini."))
        earlier: list[str] = []
        for step in self.record.steps:
            yield from self._step(step, earlier)
            earlier.append(step.key)
        yield from self._shared()
        yield from self._gifts()
        yield from self._asked_twice()

    def _step(self, step: JourneyStepRecord, earlier: list[str]) -> Iterator[Finding]:
        name = {"step": step.key}
        if not KEY.fullmatch(step.key):
            yield _error("steps", _("Kode langkah “%(step)s” hanya boleh huruf kecil, angka, dan tanda hubung.") % name)
        if step.key in earlier:
            yield _error("steps", _("Kode langkah “%(step)s” dipakai dua kali.") % name)
        service = self.services.get(step.service)
        if service is None:
            yield _error(
                "steps", _("Langkah “%(step)s”: layanan %(code)s tidak ada.") % {**name, "code": step.service or "–"}
            )
        elif not service.is_public:
            yield _error("steps", _("Langkah “%(step)s”: layanan %(code)s belum terbit.") % {**name, "code": step.service})
        if not (step.why.get("id") or "").strip():
            yield _error("steps", _("Langkah “%(step)s”: tulis untuk apa langkah ini.") % name)
        if step.opens_on not in Opens.values:
            yield _error("steps", _("Langkah “%(step)s”: pilih kapan langkah ini terbuka.") % name)
        for key in step.after:
            if key not in earlier:
                text = _("Langkah “%(step)s” menunggu “%(other)s”, tetapi langkah itu tidak ada sebelumnya.")
                yield _error("steps", text % {**name, "other": key})
        for key, value in step.presets.items():
            yield from self._preset(step, key, value)

    def _preset(self, step: JourneyStepRecord, key: str, value: Any) -> Iterator[Finding]:
        question = self._question((step.key, key))
        if isinstance(question, str):
            yield _error("steps", question)
            return
        read = documents.load({"title": {}, "parts": [{"key": "x", "title": {}, "questions": [question]}]})
        asked = next(read.questions())
        kind = type_of(asked)
        if kind.check(asked, kind.normalise(asked, value), Context(today=today(), sources=kelurahan_source())):
            text = _("Langkah “%(step)s”: “%(value)s” bukan jawaban untuk %(key)s.")
            yield _error("steps", text % {"step": step.key, "value": value, "key": key})

    def _question(self, place: Place) -> dict[str, Any] | str:
        """The question at this place, or the sentence that says why there is none."""
        step, key = place
        words = {"step": step, "key": key}
        if self.record.step(step) is None:
            return _("“%(step)s.%(key)s”: langkah itu tidak ada.") % words
        if step not in self.forms:
            return _("“%(step)s.%(key)s”: layanan langkah itu tidak punya formulir daring.") % words
        question = question_in(self.forms[step], key)
        if question is None:
            known = [
                q["key"] for part in self.forms[step]["parts"] for q in part["questions"] if q["type"] not in NOT_SHARED
            ]
            text = _("“%(step)s.%(key)s”: pertanyaan itu tidak ada di formulirnya. Yang ada: %(known)s.")
            return text % {**words, "known": ", ".join(known)}
        if question["type"] in NOT_SHARED:
            return _("“%(step)s.%(key)s”: berkas, baris berulang, dan pernyataan tetap di langkahnya sendiri.") % words
        return question

    def _fill(self, place: Place, by: str) -> Iterator[Finding]:
        if place in self.filled:
            text = _("“%(step)s.%(key)s” sudah terisi dari “%(other)s”.")
            yield _error("shared", text % {"step": place[0], "key": place[1], "other": self.filled[place]})
        self.filled[place] = by

    def _shared(self) -> Iterator[Finding]:
        for question in self.record.questions():
            if not question.to:
                yield _error("shared", _("Pertanyaan bersama “%(key)s” tidak mengisi apa pun.") % {"key": question.key})
            kinds: dict[str, Any] = {}
            for place in question.to:
                yield from self._fill(place, question.key)
                found = self._question(place)
                if isinstance(found, str):
                    yield _error("shared", found)
                    continue
                if found.get("show_if"):
                    text = _("“%(step)s.%(key)s” hanya ditanyakan dengan syarat, jadi tidak bisa ditanyakan bersama.")
                    yield _error("shared", text % {"step": place[0], "key": place[1]})
                kinds.setdefault(_kind(found), place)
            if len(kinds) > 1:
                text = _("Pertanyaan bersama “%(key)s” mengisi pertanyaan yang jenis atau pilihannya berbeda: %(places)s.")
                places = ", ".join(".".join(place) for place in kinds.values())
                yield _error("shared", text % {"key": question.key, "places": places})
        document = shared_document(self.record, self.forms)
        for wrong in lint.errors_of(document) if document else ():
            yield _error("shared", wrong.text)

    def _gifts(self) -> Iterator[Finding]:
        order = [step.key for step in self.record.steps]
        for step in self.record.steps:
            for gift in step.gives:
                if not KEY.fullmatch(gift.name):
                    text = _("Langkah “%(step)s”: nama hasil “%(name)s” hanya boleh huruf kecil, angka, dan garis bawah.")
                    yield _error("steps", text % {"step": step.key, "name": gift.name})
                for place in gift.to:
                    yield from self._fill(place, f"{step.key}: {gift.name}")
                    found = self._question(place)
                    if isinstance(found, str):
                        yield _error("steps", found)
                    elif order.index(place[0]) <= order.index(step.key):
                        text = _("Hasil “%(name)s” hanya bisa mengisi langkah sesudah “%(step)s”.")
                        yield _error("steps", text % {"name": gift.name, "step": step.key})

    def _asked_twice(self) -> Iterator[Finding]:
        """A question of the same name and type in two steps is most likely the same question."""
        seen: dict[tuple[str, str], tuple[str, str]] = {}
        for step in self.record.steps:
            for part in self.forms.get(step.key, {}).get("parts", ()):
                for question in part["questions"]:
                    key, kind = question["key"], _kind(question)
                    done = (step.key, key) in self.filled or key in step.presets
                    if question["type"] in NOT_SHARED or question.get("show_if") or done:
                        continue
                    if other := seen.get((key, kind)):
                        text = _(
                            "“%(label)s” ditanyakan di langkah “%(one)s” dan “%(two)s”. Tanyakan bersama bila artinya sama."
                        )
                        label = localized(question["label"])
                        yield Finding("warning", "shared", text % {"label": label, "one": other[0], "two": step.key})
                    seen.setdefault((key, kind), (step.key, key))


def _error(place: str, text: str) -> Finding:
    return Finding("error", place, text)


def _kind(question: Mapping[str, Any]) -> str:
    """What two questions must have in common so that one answer is good for both."""
    values = ",".join(sorted(option["value"] for option in question.get("options", ())))
    return f"{question['type']}:{question.get('source', '')}:{values}"
