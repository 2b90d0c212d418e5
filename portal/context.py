"""What every template may know: the city's names and whether this is a demo."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.factors.rules import is_staff
from accounts.models import User
from accounts.permissions import is_operator
from cms.feedback import reads_feedback
from portal.demo.codes import demo_accounts
from portal.lib import languages
from portal.lib.channels import offered
from services.cases.queries import clerk_departments
from services.catalogue.integrators import integrated_departments
from services.catalogue.members import manages_somewhere
from services.catalogue.notices import city_wide
from services.catalogue.wordkeepers import proposes_words


class Rooms:
    """Which staff rooms this visitor may enter: the menus show no door that is locked. Asked only where it is shown."""

    def __init__(self, request: HttpRequest) -> None:
        self.user = getattr(request, "user", AnonymousUser())  # an error page may come before sign-in is known

    @cached_property
    def any(self) -> bool:
        return is_staff(self.user)

    @cached_property
    def cases(self) -> bool:
        return isinstance(self.user, User) and bool(clerk_departments(self.user))

    @cached_property
    def system(self) -> bool:
        return is_operator(self.user)

    @cached_property
    def members(self) -> bool:
        return manages_somewhere(self.user)

    @cached_property
    def connections(self) -> bool:
        return isinstance(self.user, User) and integrated_departments(self.user).exists()

    @cached_property
    def people(self) -> bool:
        return is_operator(self.user)

    @cached_property
    def feedback(self) -> bool:
        return reads_feedback(self.user)

    @cached_property
    def words(self) -> bool:
        return proposes_words(self.user)

    @cached_property
    def content(self) -> bool:
        return self.user.has_perm("wagtailadmin.access_admin")


def site(request: HttpRequest) -> dict[str, Any]:
    language = languages.active()
    path = request.get_full_path()
    return {
        "language": language,
        "other_languages": [
            {"code": code, "name": name, "url": languages.path_in(code, path)}
            for code, name in settings.LANGUAGES
            if code != language
        ],
        "city_name": settings.CITY_NAME,
        "portal_name": settings.PORTAL_NAME,
        "portal_tagline": settings.PORTAL_TAGLINE_EN if language == "en" else settings.PORTAL_TAGLINE,
        "public_url": settings.PUBLIC_URL,
        "source_code_url": settings.SOURCE_CODE_URL,
        "demo": settings.DEMO,
        "demo_accounts": demo_accounts if settings.DEMO else (),
        "national_id": settings.NATIONAL_ID_NAME if settings.NATIONAL_ID_ISSUER else "",
        "phone_sign_in": bool(offered()),
        "rooms": Rooms(request),
        "banners": city_wide,  # asked when a page is drawn that has room for them
    }
