"""Pages of subscriptions."""

from django.urls import URLPattern, URLResolver, path

from services.subscriptions import staff_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("integrasi/langganan/", staff_views.listed, name="subscriptions"),
    path("integrasi/langganan/baru/", staff_views.new, name="subscription-new"),
    path("integrasi/langganan/<slug:ref>/", staff_views.subscription, name="subscription"),
    path("integrasi/langganan/<slug:ref>/ubah/", staff_views.change, name="subscription-change"),
    path("integrasi/langganan/<slug:ref>/tindakan/", staff_views.act, name="subscription-act"),
    path("integrasi/langganan/<slug:ref>/kejadian/<str:event_id>/ulang/", staff_views.redeliver, name="subscription-again"),
]
