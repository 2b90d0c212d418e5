"""Doors of the account that are not allauth's."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import OwnName
from accounts.requests import SignedInRequest
from portal.lib.posted import posted


@login_required
@posted("account-home")
def speak(request: HttpRequest) -> HttpResponse:
    """From now on in the language of this address: `SpokenLanguageMiddleware` remembers it, as after any other POST."""
    return redirect("account-home")


@never_cache
@login_required
@reauthentication_required(allow_get=True)
@require_http_methods(["GET", "HEAD", "POST"])
def own_name(request: SignedInRequest) -> HttpResponse:
    """How the portal calls this person, and what new applications are filled in with."""
    form = OwnName(request.POST if request.method == "POST" else None, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        request.user.name = form.cleaned_data["name"]
        request.user.save(update_fields=["name"])
        messages.success(request, _("Nama tersimpan."))
        return redirect("own-name")
    return render(request, "account/name.html", {"form": form, "nav": "akun"})
