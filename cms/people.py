"""People in the back office: where they begin; one name instead of a first and a last one, and an e-mail address in small letters."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.account import AccountView, NameEmailSettingsPanel
from wagtail.admin.viewsets.pages import page_viewset_registry
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.views.users import IndexView, UserViewSet

from accounts.models import User
from cms import scope
from cms.models import DepartmentPage
from portal.lib.languages import DEFAULT


def own_pages_first(request: HttpRequest) -> HttpResponseBase:
    """The page tree opens at one's own department, in Indonesian; its translation is one switch away."""
    corner = DepartmentPage.objects.filter(pk__in=scope.own_corners(request.user), locale__language_code=DEFAULT).first()
    if corner is None or request.user.is_superuser:
        return page_viewset_registry.as_view("index", is_base_page=True)(request)
    return redirect("wagtailadmin_explore", corner.pk)


class _OneName:
    """Many Indonesians have one name; Wagtail's own forms insist on two."""

    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


# Roles and whether an account is open are changed at /petugas/ alone: there it is written down and the person is told.
class PersonCreationForm(_OneName, UserCreationForm):
    """Without a password: the person signs in by a code by mail and chooses one, or a passkey, alone."""

    first_name = last_name = None
    name = forms.CharField(label=_("Nama lengkap"), max_length=120)

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        user: User = super().save(commit)
        return user

    class Meta(UserCreationForm.Meta):
        fields: ClassVar[set[str]] = {"email", "name", "is_superuser"}


class PersonEditForm(_OneName, UserEditForm):
    """An account that is closed here is signed out everywhere, apps too."""

    first_name = last_name = None
    name = forms.CharField(label=_("Nama lengkap"), max_length=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("is_active", None)

    class Meta(UserEditForm.Meta):
        fields: ClassVar[set[str]] = {"email", "name", "is_active", "is_superuser"}


class PeopleView(IndexView):
    def get_delete_url(self, instance: User) -> str:
        return ""  # an account is closed, never deleted: what it did stays

    @cached_property
    def search_fields(self) -> set[str]:
        return {"name", "email"}


class PersonViewSet(UserViewSet):
    index_view_class = PeopleView

    def get_form_class(self, for_update: bool = False) -> type[forms.ModelForm[User]]:
        return PersonEditForm if for_update else PersonCreationForm


class NameForm(forms.ModelForm[User]):
    name = forms.CharField(label=_("Nama lengkap"), max_length=120)

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["name"]


class NamePanel(NameEmailSettingsPanel):
    title = _("Nama")
    form_class = NameForm


class OwnAccountView(AccountView):
    """One's own settings in the back office, with one name."""

    def get_panels(self) -> list[Any]:
        return [
            NamePanel(p.request, p.user, p.profile) if isinstance(p, NameEmailSettingsPanel) else p
            for p in super().get_panels()
        ]
