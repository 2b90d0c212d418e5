"""The dry run: what a spreadsheet would make of the pages, and every mistake with its row and column. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _
from wagtail.blocks import ListBlock, StructBlock

from cms.blocks import NOWHERE, PlaceBlock, is_somewhere
from cms.departments import writes_in
from cms.examples import ROWS
from cms.models import DepartmentPage, ServicePage
from cms.models.service import LONGEST
from cms.sheets.cells import MAX_CELL
from cms.sheets.columns import Column, columns
from cms.sheets.reading import Mistake, mistake
from portal.lib.languages import DEFAULT
from services.catalogue.models import Service

_SHOWN = 60  # characters of a wrong cell


@dataclass
class Plan:
    """What would be written: new pages with their parent, changed pages; all empty when there is a mistake."""

    new: list[tuple[DepartmentPage, ServicePage]] = field(default_factory=list)
    changed: list[ServicePage] = field(default_factory=list)
    same: int = 0
    mistakes: list[Mistake] = field(default_factory=list)
    seen: dict[str, int | None] = field(default_factory=dict)


class _Checker:
    def __init__(self, user: Any, headers: list[str]) -> None:
        self.user = user
        self.plan = Plan()
        known = {column.header.casefold(): column for column in columns()}
        self.places: dict[int, Column] = {}
        for place, header in enumerate(headers):
            column = known.get(header.casefold())
            if column is None and header:
                self.say(1, place, header, _("Kolom ini tidak dikenal. Hapus, atau pakai nama dari contoh."))
            elif column in self.places.values():
                self.say(1, place, header, _("Kolom ini ada dua kali. Hapus salah satu."))
            elif column is not None:
                self.places[place] = column
        have = {column.field for column in self.places.values()}
        for column in known.values():
            if column.needed and column.field not in have:
                self.say(1, 0, column.header, _("Kolom ini harus ada. Nama dan urutannya ada di contoh."))
        self.place_of = {column.field: place for place, column in self.places.items()}
        self.corners = {page.department: page for page in writes_in(user)}
        # Of services whose page is gone: the code still names them in cases and statistics.
        self.owners = dict(Service.objects.values_list("code", "department__code"))
        pages = ServicePage.objects.filter(locale__language_code=DEFAULT, alias_of__isnull=True)
        self.pages = {page.code: page for page in pages.select_related("locale")}
        self.slugs = {page.slug: page.code for page in self.pages.values()}
        self.codes: dict[str, int] = {}
        self.new_slugs: dict[str, int] = {}

    def say(self, row: int, place: int, header: str, text: str, wrote: str = "") -> None:
        if wrote:
            short = wrote if len(wrote) <= _SHOWN else f"{wrote[:_SHOWN]}…"
            text = _("%(what)s Yang tertulis: “%(wrote)s”.") % {"what": text, "wrote": short}
        self.plan.mistakes.append(mistake(row, place, header, text))

    def wrong(self, row: int, field_name: str, text: str, wrote: str = "") -> None:
        place = self.place_of.get(field_name, 0)
        column = self.places.get(place)
        self.say(row, place, column.header if column else "", text, wrote)

    def row(self, number: int, cells: list[str]) -> None:
        before = len(self.plan.mistakes)
        given = {column.field: cells[place] for place, column in self.places.items()}
        code = given.get("code", "").lower()
        if code and code in self.codes:
            self.wrong(
                number, "code", _("Kode ini sudah ada di baris %d. Satu layanan, satu baris.") % self.codes[code], code
            )
            return
        if code:
            self.codes[code] = number
        values = self.values(number, given)
        parent = self.corners.get(given.get("department", "").lower())
        if parent is None:
            self.wrong(number, "department", _("Ini bukan kode dinas Anda."), given.get("department", ""))
            return
        page = self.pages.get(code)
        draft = self.draft(number, page, parent, values) if page else self.fresh(number, code, parent, values)
        if draft is None:
            return
        changed = self.fill(draft, values)
        self.judge(number, draft, values, given)
        if len(self.plan.mistakes) > before:
            return
        if page is None:
            self.plan.new.append((parent, draft))
        elif changed:
            self.plan.changed.append(draft)
        else:
            self.plan.same += 1

    def fill(self, draft: ServicePage, values: dict[str, Any]) -> bool:
        """Set what reads otherwise than before; whether anything does. Rows that read the same keep their identity."""
        changed = False
        for column in self.places.values():
            name = column.field
            if name in ("code", "department") or name not in values:
                continue
            if column.write(getattr(draft, name)) != column.write(values[name]):
                setattr(draft, name, values[name])
                changed = True
        if "slug" in values:
            draft.slug = values["slug"]
        return changed

    def values(self, number: int, given: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for place, column in self.places.items():
            text = given[column.field]
            if column.needed and not text:
                self.say(number, place, column.header, _("Sel ini harus diisi."))
                continue
            try:
                value = column.read(text)
            except ValueError as wrong:
                self.say(number, place, column.header, str(wrong), text)
                continue
            if column.field in ROWS:
                value = self.stream(number, place, column, value)
            found[column.field] = value
        return found

    def stream(self, number: int, place: int, column: Column, raw: list[dict[str, Any]]) -> Any:
        block: Any = ServicePage._meta.get_field(column.field).stream_block
        value = block.to_python(raw)
        for line, child in enumerate(value, 1):
            try:
                child.block.clean(child.value)
                if isinstance(child.block, PlaceBlock) and not is_somewhere(child.value):
                    raise ValidationError(NOWHERE)
            except ValidationError as wrong:
                what = _("Baris ke-%(n)d di sel ini: %(what)s") % {"n": line, "what": sentence(wrong, child.block)}
                self.say(number, place, column.header, what)
        return value

    def draft(self, number: int, page: ServicePage, parent: DepartmentPage, values: dict[str, Any]) -> ServicePage | None:
        """The newest draft of a page that may be changed now."""
        if page.get_parent().pk != parent.pk:
            self.wrong(
                number, "code", _("Kode ini dipakai layanan dinas lain. Kosongkan untuk membuat layanan baru."), page.code
            )
            return None
        if not page.permissions_for_user(self.user).can_edit():
            self.wrong(number, "code", _("Anda tidak bisa mengubah halaman ini."), page.code)
            return None
        lock = page.get_lock()
        if (lock is not None and lock.for_user(self.user)) or page.workflow_in_progress:
            self.wrong(
                number,
                "code",
                _("Halaman ini sedang dikunci atau ditinjau. Tunggu sampai selesai, atau hapus barisnya."),
                page.code,
            )
            return None
        if not values.get("slug", True):
            values["slug"] = page.slug
        self.free_slug(number, str(values.get("slug", page.slug)), page.code)
        self.plan.seen[str(page.pk)] = page.latest_revision_id
        draft: ServicePage = page.get_latest_revision_as_object()
        return draft

    def fresh(self, number: int, code: str, parent: DepartmentPage, values: dict[str, Any]) -> ServicePage | None:
        if not parent.permissions_for_user(self.user).can_add_subpage():
            self.wrong(number, "department", _("Anda tidak bisa membuat halaman di dinas ini."))
            return None
        if code and (slugify(code) != code or len(code) > 80):
            self.wrong(number, "code", _("Kode hanya huruf kecil, angka, dan tanda hubung."), code)
            return None
        if code and self.owners.get(code, parent.department) != parent.department:
            self.wrong(number, "code", _("Kode ini dipakai layanan dinas lain. Kosongkan untuk membuat layanan baru."), code)
            return None
        slug: str = values.get("slug") or code or slugify(values.get("title", ""))[:70]
        values["slug"] = slug
        self.free_slug(number, slug, code)
        return ServicePage(code=code, locale=parent.locale, owner=self.user, live=False)

    def free_slug(self, number: int, slug: str, code: str) -> None:
        holder = self.slugs.get(slug)
        if holder is not None and holder != code:
            self.wrong(number, "slug", _("Alamat ini sudah dipakai layanan lain di kota ini. Pilih yang lain."), slug)
        elif slug in self.new_slugs:
            self.wrong(number, "slug", _("Alamat ini sama dengan baris %d. Pilih yang lain.") % self.new_slugs[slug], slug)
        else:
            self.new_slugs[slug] = number

    def judge(self, number: int, draft: ServicePage, values: dict[str, Any], given: dict[str, str]) -> None:
        """What the fields themselves say: length, address, choice. A draft may be incomplete."""
        for name, value in values.items():
            if name in ROWS or name in ("code", "department", "life_events"):
                continue
            model_field: Any = draft._meta.get_field(name)
            if given.get(name, "") == "" and name != "title":
                continue
            most = LONGEST.get(name) or model_field.max_length or MAX_CELL
            if isinstance(value, str) and len(value) > most:
                self.wrong(number, name, _("Paling banyak %d huruf.") % most)
                continue
            try:
                model_field.clean(model_field.value_from_object(draft), draft)
            except ValidationError as wrong:
                self.wrong(number, name, " ".join(wrong.messages), given.get(name, ""))
        if draft.fee_free and draft.fee_amount:
            self.wrong(
                number, "fee_amount", _("Layanan gratis tidak punya tarif. Kosongkan tarifnya, atau tulis Tidak di Gratis.")
            )


def sentence(wrong: ValidationError, block: Any) -> str:
    """What is wrong in one row of a block, with the names of its parts."""
    inside: Any = getattr(wrong, "block_errors", None)
    if inside and isinstance(block, ListBlock):
        errors = inside.values() if isinstance(inside, dict) else inside
        return "; ".join(sentence(error, block.child_block) for error in errors if error)
    if inside and isinstance(block, StructBlock):
        parts = block.child_blocks
        return "; ".join(f"{parts[name].label}: {sentence(error, parts[name])}" for name, error in inside.items())
    return " ".join(wrong.messages)


def check(user: Any, headers: list[str], rows: list[tuple[int, list[str]]], found: list[Mistake]) -> Plan:
    """The plan for this person. `found`: mistakes met while reading; such cells are said once."""
    checker = _Checker(user, headers)
    if not checker.plan.mistakes:
        for number, cells in rows:
            checker.row(number, cells)
    said = {(m.row, m.letter) for m in found}
    mistakes = [*found, *(m for m in checker.plan.mistakes if (m.row, m.letter) not in said)]
    checker.plan.mistakes = sorted(mistakes, key=lambda m: m.row)
    if checker.plan.mistakes:
        checker.plan.new, checker.plan.changed = [], []
    return checker.plan
