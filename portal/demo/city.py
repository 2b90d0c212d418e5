"""Load the demo city from the files beside this module: one transaction, the bulk path of `cms.loading`."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from accounts.models import AssuranceLevel, User
from accounts.permissions import CityRole
from accounts.roles.city import set_city_roles
from cms import loading, publishing, review, scope
from cms.models import ContentPage, DepartmentPage, HomePage, ServicePage
from cms.models.service import FACTS
from portal.demo import codes, from_documents, journeys
from portal.lib.crypto import blind_index
from services.catalogue import actions, guides, members, synonyms
from services.catalogue.models import (
    Category,
    Channel,
    Department,
    DepartmentRole,
    Dimension,
    Holiday,
    LifeEvent,
    Need,
    Region,
    Service,
    ServicePoint,
)
from services.forms.actions import publish_form
from services.forms.from_domain import document_for
from services.forms.models import FormDefinition

HERE = Path(__file__).resolve().parent
PASSWORD = "mojokerto-demo"
Say = Callable[[str], None]

# Name, roles as (department, role), roles for the whole city, superuser. Roles, not persons.
PEOPLE: dict[str, dict[str, Any]] = {
    "alice": {"name": "Alice Contoh", "nik": "3576014507900001", "kelurahan": "kel-mentikan"},
    "adi": {"name": "Adi Contoh", "kelurahan": "kel-meri"},
    "bob": {
        "name": "Bob Contoh",
        "roles": [("dispendukcapil", DepartmentRole.CLERK), ("dispendukcapil", DepartmentRole.EDITOR)],
    },
    "dewi": {"name": "Dewi Contoh", "roles": [("dlh", DepartmentRole.CLERK), ("dlh", DepartmentRole.EDITOR)]},
    "rina": {
        "name": "Rina Contoh",
        "roles": [("diskominfo", DepartmentRole.REVIEWER)],
        "city": [CityRole.COORDINATOR],
    },
    "ivan": {"name": "Ivan Contoh", "roles": [("dispendukcapil", DepartmentRole.INTEGRATOR)]},
    "wali": {"name": "Wali Contoh", "city": [CityRole.LEADERSHIP]},
    "oper": {"name": "Oper Contoh", "city": [CityRole.OPERATOR]},
    "admin": {"name": "Admin Contoh", "superuser": True},
}


def read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.load((HERE / f"{name}.yaml").read_text("utf-8"), Loader=_LOADER)
    return data


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def is_loaded() -> bool:
    return Service.objects.exists() and DepartmentPage.objects.exists()


@transaction.atomic
def load(say: Say = lambda line: None) -> None:
    """Everything, into an empty database. Raises whatever goes wrong, and then nothing is left behind."""
    own, data = read("portal"), read("services")
    data["min_level"] = own["min_level"]
    regions, departments = _regions(), _departments()
    say(f"{len(regions)} wilayah, {len(departments)} dinas, kelurahan, dan kecamatan")
    _ways_to_find()
    say(
        f"{Category.objects.count()} kategori, {LifeEvent.objects.count()} peristiwa hidup, "
        f"{Need.objects.count()} kebutuhan, {Dimension.objects.count()} dimensi"
    )
    Holiday.objects.bulk_create([Holiday(day=_day(d), name=name) for d, name in own["holidays"]])
    say(f"{len(own['holidays'])} hari libur (perkiraan; SKB tahunan yang menentukan)")
    forms = _forms(data)
    say(f"{forms} formulir")
    for row in data["services"]:
        service = actions.ensure_service(row["slug"], row["department"])
        form = FormDefinition.objects.filter(code=row["slug"]).first()
        if form is not None:  # connected before its page goes live, as the publication gate wants it
            Service.objects.filter(pk=service.pk).update(channel=Channel.FORM, form=form)
    _connections(say)
    home = loading.ensure_home("Layanan Kota Mojokerto")
    kinds = {code: kind for kind, codes in own["kinds"].items() for code in codes}
    services = [(s["department"], _service_page(s, data, kinds)) for s in data["services"]]
    contents = {c["slug"]: ContentPage(**c, reviewed=date(2026, 11, 24)) for c in own["contents"]}
    offices = {d.code: DepartmentPage(title=d.name, slug=d.code, department=d.code) for d in departments}
    loading.load_pages(home, contents=[*contents.values()], departments=[*offices.values()], services=services)
    _load_english(home, own["contents_en"], contents, departments, offices, services, data["services"])
    publishing.rebuild()
    words = {code: line.split(",") for code, line in read("search_words")["words"].items()}
    say(f"{synonyms.seed_for_services(words)} kata sehari-hari yang menuju layanan")
    for slug, outline in read("guides")["guides"].items():
        guides.write_guide(Need.objects.get(slug=slug), outline)
    say(f"{len(services)} layanan terbit, {len(contents)} halaman isi, semua juga dalam bahasa Inggris")
    say(f"{journeys.ensure()} urusan beberapa langkah")
    _people()
    say(f"{len(PEOPLE)} akun contoh, kata sandi {PASSWORD}")


def _load_english(
    home: HomePage,
    texts: list[dict[str, str]],
    contents: dict[str, ContentPage],
    departments: list[Department],
    offices: dict[str, DepartmentPage],
    services: list[tuple[str, ServicePage]],
    rows: list[dict[str, Any]],
) -> None:
    """The English tree: of a service what the data has in English, its name and summary."""
    english = loading.ensure_translated_home(home, "en", "Mojokerto City Services")

    def translated(original: Any, page: Any) -> Any:
        return loading.as_translation(original, page, english)

    names = {row["slug"]: row for row in rows}
    loading.load_pages(
        english,
        contents=[translated(contents[c["slug"]], ContentPage(**c, reviewed=contents[c["slug"]].reviewed)) for c in texts],
        departments=[
            translated(offices[d.code], DepartmentPage(title=d.name_en or d.name, department=d.code)) for d in departments
        ],
        services=[
            (
                owner,
                translated(
                    page,
                    ServicePage(
                        code=page.code,
                        title=names[page.code]["name_en"],
                        summary=names[page.code]["summary_en"],
                        **{name: getattr(page, name) for name in FACTS},
                    ),
                ),
            )
            for owner, page in services
        ],
    )


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _regions() -> list[Region]:
    made: list[Region] = []
    for kecamatan in read("regions")["kecamatan"]:
        parent = Region.objects.create(code=kecamatan["code"], name=kecamatan["name"], kind=Region.Kind.KECAMATAN)
        made.append(parent)
        made += Region.objects.bulk_create(
            [
                Region(code=k["code"], name=k["name"], kind=Region.Kind.KELURAHAN, parent=parent)
                for k in kecamatan["kelurahan"]
            ]
        )
    return made


def _departments() -> list[Department]:
    data = read("departments")
    regions = {r.code: r for r in Region.objects.all()}
    kecamatan = {k["department"]: k for k in read("regions")["kecamatan"]}
    for row in data["departments"]:
        Department.objects.create(
            code=row["code"],
            name=row["name"],
            name_en=row.get("name_en") or "",
            short_name=row["short_name"],
            kind=row["kind"],
            region=regions[kecamatan[row["code"]]["code"]] if row["code"] in kecamatan else None,
            is_template=row["kind"] == "unit_template",
            address=row.get("address") or "",
            phone=row.get("phone") or "",
            email=row.get("email") or "",
            illustrative=row.get("existence") != "sourced",
        )
    by_code = {d.code: d for d in Department.objects.all()}
    for row in data["departments"]:
        if row.get("parent"):
            Department.objects.filter(code=row["code"]).update(parent=by_code[row["parent"]])
    Department.objects.bulk_create(
        [
            Department(
                code=k["slug"],
                name=f"Kelurahan {k['name']}",
                name_en=f"{k['name']} sub-district office",
                short_name=f"Kel. {k['name']}",
                kind="kelurahan",
                parent=by_code[code],
                region=regions[k["code"]],
                illustrative=False,
            )
            for code, row in kecamatan.items()
            for k in row["kelurahan"]
        ]
    )
    for point in data["service_points"]:
        ServicePoint.objects.create(
            code=point["code"],
            name=point["name"],
            name_en=point["name_en"],
            address=point["address"],
            managed_by=by_code[point["managed_by"]],
        )
    return list(Department.objects.order_by("code"))


def _ways_to_find() -> None:
    for row in read("categories")["categories"]:
        Category.objects.create(
            slug=row["slug"], name=row["name_id"], name_en=row["name_en"], icon=row["icon"], order=row["order"]
        )
    for row in read("life_events")["life_events"]:
        LifeEvent.objects.create(
            slug=row["slug"],
            name=row["name_id"],
            name_en=row["name_en"],
            name_jv=row.get("name_jv") or "",
            hint=row.get("hint") or "",
            hint_en=row.get("hint_en") or "",
            kind=row["kind"],
            order=row["order"],
        )
    for order, row in enumerate(read("dimensions")["dimensions"], 1):
        Dimension.objects.create(slug=row["slug"], name=row["name"], name_id=row["name_id"], order=order)
    for order, row in enumerate(read("needs")["needs"], 1):
        need = Need.objects.create(
            slug=row["slug"], name=row["name_id"], name_en=row["name_en"], icon=row["icon"], order=order
        )
        need.life_events.set(LifeEvent.objects.filter(slug__in=row["life_events"]))
        need.categories.set(Category.objects.filter(slug__in=row["categories"]))


def _forms(data: dict[str, Any]) -> int:
    """A published form for every service that people apply for here, attached before its page goes live."""
    made = 0
    for row in data["services"]:
        if row["channel"]["type"] == "online_form":
            service = actions.ensure_service(row["slug"], row["department"])
            publish_form(row["slug"], document_for(row, data["default_form_fields"]))
            service.form = FormDefinition.objects.get(code=row["slug"])
            service.save(update_fields=["form", "updated_at"])
            made += 1
    return made


_CHANNELS = {"online_form": "FORM", "in_person": "OFFICE", "hotline": "HOTLINE"}


def _service_page(row: dict[str, Any], data: dict[str, Any], kinds: dict[str, str]) -> ServicePage:
    channel, standard, provenance = row["channel"], row["standard"], row["provenance"]
    fee, term = standard["biaya"], standard["jangka_waktu"]
    kind = _CHANNELS.get(channel["type"]) or ("APP" if channel["sso"] == "oidc" else "LINK")
    place = channel.get("place") or channel.get("also_in_person") or ""
    return ServicePage(
        code=row["slug"],
        slug=row["slug"],
        title=row["name_id"],
        summary=row["summary_id"],
        kind=kinds.get(row["slug"], "REQUEST"),
        channel=kind,
        app=channel.get("app") or "",
        app_url=channel.get("url") or "",
        hotline=channel.get("number") or "",
        hours=channel.get("hours") or "",
        place=place,
        queue=bool(channel.get("queue")),
        fee_free=fee["free"],
        fee_amount=None if fee["free"] else fee["amount_idr"],
        fee_note=fee["note"] or "",
        time_value=term["value"] or None,
        time_unit=term["unit"],
        requirements=[("item", text) for text in standard["persyaratan"]],
        steps=[("step", {"title": text, "text": ""}) for text in standard["prosedur"]],
        product=standard["produk"],
        complaint_category=standard["pengaduan"]["category"],
        complaint_channels=", ".join(standard["pengaduan"]["channels"]),
        legal=[("item", data["legal_refs"][key]) for key in standard["dasar_hukum"]],
        category=_found(Category, row["category"]),
        dimension=_found(Dimension, row["dimension"]),
        life_events=row["life_events"],
        synonyms="\n".join(row["synonyms"]),
        confidential=bool(row.get("confidential")),
        min_level=data["min_level"].get(row["slug"], 1),
        illustrative=provenance["standard_illustrative"],
        sources="\n".join(provenance["source_urls"]),
    )


def _found(model: Any, slug: str) -> Any:
    return model.objects.get(slug=slug)


def _connections(say: Say) -> None:
    """The pretend departments' connections, when the manifest of them is part of this build."""
    manifest = HERE / "connections.yaml"
    if not manifest.exists() or importlib.util.find_spec("services.adapters.manifest") is None:
        say("tanpa koneksi dinas (connections.yaml belum ada)")
        return
    connections = importlib.import_module("services.adapters.manifest")
    connections.apply(connections.load(manifest))
    from_documents.make()
    say("koneksi dinas contoh terpasang")


def _people() -> None:
    from allauth.account.models import EmailAddress

    scope.keep()
    review.keep()
    departments = {d.code: d for d in Department.objects.all()}
    for name, facts in PEOPLE.items():
        user = User(email=f"{name}@example.org", name=facts["name"], kelurahan=facts.get("kelurahan", ""))
        user.set_password(PASSWORD)
        if facts.get("nik"):  # a well-formed sample number of nobody
            user.nik, user.nik_index = facts["nik"], blind_index(facts["nik"], purpose="nik")
            user.phone = "081200000001"
            user.assurance_level = AssuranceLevel.NIK_VERIFIED
        user.is_superuser = bool(facts.get("superuser"))
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        if name in codes.STAFF:
            codes.install(user, name)
        for code, role in facts.get("roles", []):
            members.set_roles(user, department=departments[code], roles=[role], by=None, added=True)
        if city := facts.get("city"):
            set_city_roles(user, roles=city, by=None)
