"""`/integrasi/`: the integrator's console; and what residents ask departments' systems."""

from django.urls import path

from services.adapters import lookup_views
from services.adapters.console import mapping_views, views

urlpatterns = [
    path("layanan/<slug:slug>/cek/<slug:name>/", lookup_views.lookup, name="lookup"),
    path("integrasi/", views.listed, name="integrations"),
    path("integrasi/baru/", views.new, name="integration-new"),
    path("integrasi/<slug:code>/", views.connection, name="integration"),
    path("integrasi/<slug:code>/uji/", views.test, name="integration-test"),
    path("integrasi/<slug:code>/log/", views.log, name="integration-log"),
    path("integrasi/<slug:code>/kunci/", views.keys, name="integration-keys"),
    path("integrasi/<slug:code>/pemeliharaan/", views.windows, name="integration-windows"),
    path("integrasi/<slug:code>/manifes/", views.manifest_file, name="integration-manifest"),
    path("integrasi/<slug:code>/dokumen/", mapping_views.document, name="integration-document"),
    path("integrasi/<slug:code>/dokumen/ambil/", mapping_views.take_proposal, name="integration-proposal"),
    path("integrasi/<slug:code>/operasi/", mapping_views.operation, name="integration-operation-new"),
    path("integrasi/<slug:code>/operasi/<slug:name>/", mapping_views.operation, name="integration-operation"),
    path("integrasi/<slug:code>/layanan/", mapping_views.bind, name="integration-bind"),
    path("integrasi/<slug:code>/layanan/<slug:service>/", mapping_views.mapping, name="integration-mapping"),
    path("integrasi/<slug:code>/layanan/<slug:service>/uji/", mapping_views.run_tests, name="integration-contract"),
    path("integrasi/<slug:code>/layanan/<slug:service>/jalankan/", mapping_views.publish, name="integration-publish"),
]
