"""Every address of the portal. The CMS comes last: it answers what nothing else claims.

Pages for people exist in every language at the same path (English behind `/en/`); doors of machines and the back office
exist once.
"""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

from cms.urls import in_one_language as cms_in_one_language
from portal import health
from portal.metrics import metrics
from portal.staff import apps, city, front, members, people, searches, system
from services.cases.urls import webhooks

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include("portal.api")),
    path("webhooks/", include(webhooks)),
    path("", include("accounts.sso.urls")),
    path("", include(cms_in_one_language)),
    *i18n_patterns(
        path("akun/peran/", front.own_roles, name="own-roles"),
        path("akun/undangan/<slug:token>/", front.invitation, name="invitation"),
        path("akun/", include("accounts.urls")),
        path("", include("services.subscriptions.urls")),  # before /integrasi/<connection>/
        path("", include("services.adapters.urls")),
        path("petugas/", front.front, name="staff-inbox"),
        path("petugas/anggota/", members.departments, name="staff-members"),
        path("petugas/anggota/<slug:code>/", members.department, name="staff-members-of"),
        path("petugas/anggota/<slug:code>/undangan/<int:pk>/tarik/", members.take_back, name="staff-invitation-back"),
        path("petugas/anggota/<slug:code>/<slug:public_id>/", members.member, name="staff-member"),
        path("petugas/pengguna/", people.listed, name="staff-people"),
        path("petugas/pengguna/<slug:public_id>/", people.person, name="staff-person"),
        path("petugas/pengguna/<slug:public_id>/peran/", people.city_roles, name="staff-person-roles"),
        path("petugas/pengguna/<slug:public_id>/akun/", people.account, name="staff-person-account"),
        path("petugas/aplikasi/", apps.listed, name="staff-apps"),
        path("petugas/aplikasi/baru/", apps.new, name="staff-app-new"),
        path("petugas/aplikasi/<str:client_id>/", apps.app, name="staff-app"),
        path("petugas/aplikasi/<str:client_id>/ubah/", apps.change, name="staff-app-change"),
        path("petugas/aplikasi/<str:client_id>/tindakan/", apps.act, name="staff-app-act"),
        path("petugas/dinas/", city.listed, name="staff-departments"),
        path("petugas/dinas/baru/", city.new, name="staff-department-new"),
        path("petugas/dinas/<slug:code>/", city.department, name="staff-department"),
        path("petugas/dinas/<slug:code>/ubah/", city.change, name="staff-department-change"),
        path("petugas/dinas/<slug:code>/gabung/", city.merge, name="staff-department-merge"),
        path("petugas/libur/", city.holiday_list, name="staff-holidays"),
        path("petugas/libur/<str:day>/hapus/", city.holiday_gone, name="staff-holiday-gone"),
        path("petugas/pengumuman/", city.notice_list, name="staff-notices"),
        path("petugas/pengumuman/<int:pk>/tarik/", city.notice_gone, name="staff-notice-gone"),
        path("petugas/pencarian/", searches.listed, name="staff-searches"),
        path("petugas/pencarian/usul/", searches.propose, name="staff-search-propose"),
        path("petugas/pencarian/<int:pk>/putusan/", searches.decide, name="staff-search-decide"),
        path("petugas/pencarian/pandu/<slug:slug>/", searches.guide, name="staff-guide"),
        path("petugas/sistem/", system.system, name="staff-system"),
        path("petugas/sistem/katalog/", system.check_catalogue, name="staff-system-catalogue"),
        path("petugas/sistem/sambungan/<slug:code>/", system.switch_connection, name="staff-system-connection"),
        path("", include("services.cases.urls")),
        path("", include("cms.urls")),
        prefix_default_language=False,
    ),
]
