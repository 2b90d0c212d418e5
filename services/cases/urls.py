"""Addresses of cases: the account, a case, tracking, the clerks' work list, departments' webhooks."""

from django.urls import URLPattern, URLResolver, path

from services.cases import case_views, journey_views, staff_views, views
from services.cases.webhooks import receive

webhooks: list[URLPattern | URLResolver] = [path("<slug:code>/", receive, name="webhook")]
urlpatterns: list[URLPattern | URLResolver] = [
    path("akun/", case_views.account, name="account-home"),
    path("lacak/", case_views.track, name="track"),
    path("layanan/<slug:slug>/ajukan/", views.begin, name="apply"),
    path("layanan/<slug:slug>/kabari/", views.paused, name="service-paused"),
    path("peristiwa/<slug:slug>/mulai/", journey_views.begin, name="walk-begin"),
    path("urusan/<slug:ref>/", journey_views.walk, name="walk"),
    path("urusan/<slug:ref>/hapus/", journey_views.discard, name="walk-discard"),
    path("urusan/<slug:ref>/isian/<slug:key>/", journey_views.part, name="walk-part"),
    path("urusan/<slug:ref>/langkah/<slug:key>/", journey_views.step, name="walk-step"),
    path("isian/<slug:ref>/", views.tasks, name="draft"),
    path("isian/<slug:ref>/periksa/", views.check, name="draft-check"),
    path("isian/<slug:ref>/kirim/", views.send, name="draft-send"),
    path("isian/<slug:ref>/hapus/", views.discard, name="draft-discard"),
    path("isian/<slug:ref>/<slug:key>/", views.part, name="draft-part"),
    path("permohonan/<slug:reference>/terkirim/", views.receipt, name="receipt"),
    path("berkas/<slug:ref>/", views.download, name="attachment"),
    path("permohonan/<slug:reference>/", case_views.detail, name="case-detail"),
    path("permohonan/<slug:reference>/jawab/", case_views.answer, name="case-answer"),
    path("permohonan/<slug:reference>/berkas/", case_views.add_files, name="case-files"),
    path("permohonan/<slug:reference>/batalkan/", case_views.withdraw, name="case-withdraw"),
    path("petugas/permohonan/<slug:reference>/", staff_views.case, name="staff-case"),
    path("petugas/permohonan/<slug:reference>/putuskan/", staff_views.decide, name="staff-decide"),
    path("petugas/permohonan/<slug:reference>/pembatalan/", staff_views.decide_withdrawal, name="staff-withdrawal"),
    path("petugas/permohonan/<slug:reference>/pengiriman/", staff_views.settle_delivery, name="staff-delivery"),
]
