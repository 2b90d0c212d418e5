from django.urls import URLPattern, URLResolver, include, path
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.admin.auth import require_admin_access
from wagtail.documents import urls as wagtaildocs_urls

from cms import feedback_views, life_events, people, search_views, sheet_views, staff_views, translation_views, views

in_one_language: list[URLPattern | URLResolver] = [
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
    path(".well-known/security.txt", views.security_txt, name="security-txt"),
    path("kelola/login/", views.admin_login, name="kelola-login"),
    path("kelola/logout/", views.admin_logout, name="kelola-logout"),
    path("kelola/account/", require_admin_access(people.OwnAccountView.as_view()), name="kelola-account"),
    path("kelola/pages/", require_admin_access(people.own_pages_first), name="kelola-pages"),
    path("kelola/", include(wagtailadmin_urls)),
    path("dokumen/", include(wagtaildocs_urls)),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("layanan/", search_views.service_list, name="services"),
    path("layanan/cari/saran/", search_views.suggestions, name="suggestions"),
    path("layanan/cari/hitung/", search_views.count, name="search-count"),
    path("pandu/", search_views.guide_list, name="guides"),
    path("pandu/<slug:need>/", search_views.guide, name="guide"),
    path("layanan/<slug:slug>/", views.service, name="service"),
    path("dinas/", views.department_list, name="departments"),
    path("dinas/<slug:code>/", views.department, name="department"),
    path("peristiwa/", life_events.life_events, name="life-events"),
    path("peristiwa/<slug:slug>/", life_events.life_event, name="life-event"),
    path("petugas/layanan/ekspor/", sheet_views.take_out, name="services-export"),
    path("petugas/layanan/impor/", sheet_views.send_in, name="services-import"),
    path("petugas/layanan/impor/<slug:token>/", sheet_views.dry_run, name="service-import"),
    path("petugas/terjemahan/", translation_views.listed, name="translations"),
    path("petugas/halaman/", staff_views.pages, name="staff-pages"),
    path("status/", views.status, name="status"),
    path("umpan-balik/", feedback_views.say, name="feedback"),
    path("petugas/umpan-balik/", feedback_views.read, name="staff-feedback"),
    path("petugas/umpan-balik/<int:pk>/selesai/", feedback_views.settle, name="staff-feedback-done"),
    path("<slug:slug>/", views.content, name="content"),
]
