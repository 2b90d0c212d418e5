from django.urls import URLPattern, URLResolver, include, path
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.admin.auth import require_admin_access
from wagtail.documents import urls as wagtaildocs_urls

from cms import people, staff_views, views

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
    path("layanan/", views.service_list, name="services"),
    path("layanan/<slug:slug>/", views.service, name="service"),
    path("dinas/", views.department_list, name="departments"),
    path("dinas/<slug:code>/", views.department, name="department"),
    path("petugas/halaman/", staff_views.pages, name="staff-pages"),
    path("status/", views.status, name="status"),
    path("<slug:slug>/", views.content, name="content"),
]
