"""Doors of the account that are not allauth's."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.lib.posted import posted


@login_required
@posted("account-home")
def speak(request: HttpRequest) -> HttpResponse:
    """From now on in the language of this address: `SpokenLanguageMiddleware` remembers it, as after any other POST."""
    return redirect("account-home")
