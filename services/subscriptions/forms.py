"""The form of a subscription, for integrators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from services.catalogue.models import Department
from services.subscriptions.constants import EventType
from services.subscriptions.targets import LONGEST, TargetRefusedError, check_target


class _DepartmentField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Department) -> str:
        return obj.label


class SubscriptionForm(forms.Form):
    dinas = _DepartmentField(
        Department.objects.none(),
        label=_("Dinas"),
        to_field_name="code",
        error_messages={"required": _("Pilih dinas"), "invalid_choice": _("Dinas itu tidak ada. Pilih dari daftar")},
        widget=forms.Select(attrs={"class": "k-select"}),
    )
    label = forms.CharField(
        label=_("Nama langganan"),
        help_text=_("Misalnya nama sistem yang menerima"),
        max_length=120,
        error_messages={"required": _("Tulis nama langganan"), "max_length": _("Nama paling banyak 120 huruf")},
        widget=forms.TextInput(attrs={"class": "k-input", "autocomplete": "off"}),
    )
    url = forms.CharField(
        label=_("Alamat penerima"),
        help_text=_("Alamat https di sistem Anda yang menerima POST"),
        max_length=LONGEST,
        error_messages={"required": _("Tulis alamat penerima"), "max_length": _("Alamat paling banyak 500 huruf")},
        widget=forms.URLInput(attrs={"class": "k-input", "autocomplete": "off"}),
    )
    event_types = forms.MultipleChoiceField(
        label=_("Kejadian yang dikirim"),
        choices=EventType.choices,
        initial=[EventType.RECEIVED, EventType.COMPLETED, EventType.REFUSED],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Pilih paling sedikit satu kejadian"), "invalid_choice": _("Pilih dari daftar")},
    )

    def __init__(self, *args: Any, departments: Any, old_url: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.old_url = old_url
        if departments is None:
            del self.fields["dinas"]
            return
        field = self.fields["dinas"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = departments
        field.empty_label = None

    def clean_label(self) -> str:
        return " ".join(str(self.cleaned_data["label"]).split())

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        if url != self.old_url:
            try:
                check_target(url)
            except TargetRefusedError as error:
                raise ValidationError(str(error)) from error
        return url

    @property
    def problems(self) -> list[dict[str, str]]:
        return [{"anchor": str(field.auto_id), "text": f"{field.label}: {text}"} for field in self for text in field.errors]
