"""Settings shared by every way of running the portal.

This package is the only place where the environment is read. A secret may be given as NAME or, as a file, in NAME_FILE.
City name, number prefix and time zone are settings; departments, regions and services are data.
"""

import os
from typing import Any

from portal.lib.secrets import read_secret
from portal.settings.background import *  # noqa: F403
from portal.settings.environment import BASE_DIR, PUBLIC_URL, REDIS_URL, TIME_ZONE, VAR_DIR, env  # noqa: F401 - the zone is a setting
from portal.settings.people import *  # noqa: F403

for _folder in ("uploads", "media", "broker", "mail", "pesan"):
    (VAR_DIR / _folder).mkdir(parents=True, exist_ok=True)

# --- the city -------------------------------------------------------------------------------------------------------
CITY_NAME = env.str("CITY_NAME", default="Kota Mojokerto")
PORTAL_NAME = env.str("PORTAL_NAME", default="Layanan Kota Mojokerto")
PORTAL_TAGLINE = env.str("PORTAL_TAGLINE", default="Satu pintu untuk layanan semua dinas")
PORTAL_TAGLINE_EN = env.str("PORTAL_TAGLINE_EN", default="One door to the services of every department")
CASE_NUMBER_PREFIX = env.str("CASE_NUMBER_PREFIX", default="MJK")
SOURCE_CODE_URL = env.str("SOURCE_CODE_URL", default="")
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default=f"{PUBLIC_URL}/bantuan/")
CITY_DESK = env.str("CITY_DESK", default="diskominfo")  # code of the department that looks at every first publication
DEMO = env.bool("DEMO", default=False)

# --- security -------------------------------------------------------------------------------------------------------
DEBUG = False
SECRET_KEY = read_secret("SECRET_KEY", default="")
FIELD_KEYS = read_secret("FIELD_KEYS", default="")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
# Wagtail's preview is a frame of our own pages; its few inline scripts are replaced (cms/templates/wagtailadmin/widgets).
ADMIN_CONTENT_SECURITY_POLICY: dict[str, list[str]] = {
    "default-src": ["'self'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "frame-src": ["'self'"],
    "frame-ancestors": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
}

# The viewer of the API document makes its own styles in the browser.
API_DOCS_CONTENT_SECURITY_POLICY: dict[str, list[str]] = {"style-src": ["'unsafe-inline'"]}

# --- applications ---------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal",
    "portal.lib.editions",
    "cms",
    "accounts",
    "services.forms",
    "services.notifications",
    "services.catalogue",
    "services.adapters",
    "services.cases",
    "services.subscriptions",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.simple_translation",
    "wagtail.sites",
    "cms.apps.PeopleConfig",  # wagtail.users with our own forms
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "taggit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "allauth.idp.oidc",  # its tables, keys and hooks; its protocol is not mounted (accounts/sso)
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "portal.middleware.CorrelationMiddleware",
    "portal.middleware.MeasuringMiddleware",
    "portal.middleware.InsideDoorsMiddleware",
    "portal.middleware.TrustedProxyMiddleware",
    "portal.middleware.LanguageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "portal.middleware.BrowserPolicyMiddleware",
    "portal.middleware.ContentSecurityPolicyMiddleware",
    "portal.middleware.BodyLimitMiddleware",
    "portal.middleware.ApiLimitsMiddleware",
    "portal.page_cache.PageCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.PrivatePagesMiddleware",
    "portal.middleware.SpokenLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.factors.middleware.StaffDoors",
    "accounts.guard.devices.LastSeen",
    "cms.wall.DepartmentWall",
]

# Of lookups that come without a session (portal/wsgi.py): no session, message, page cache or compression is needed there.
LOOKUP_MIDDLEWARE = [
    "portal.middleware.CorrelationMiddleware",
    "portal.middleware.MeasuringMiddleware",
    "portal.middleware.TrustedProxyMiddleware",
    "portal.middleware.LanguageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.MachinePolicyMiddleware",
    "portal.middleware.ApiLimitsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portal.middleware.PrivatePagesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "portal.templatetags.components"],
        },
    }
]

# --- data -----------------------------------------------------------------------------------------------------------
_database = env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")
if _database["ENGINE"].endswith("sqlite3"):
    _database["CONN_MAX_AGE"] = 60
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        "connect_timeout": 3,
        # No statement of a request takes longer; 0 for migrations and for a copy of everything.
        "options": f"-c statement_timeout={int(env.float('DATABASE_STATEMENT_SECONDS', default=5.0) * 1000)}"
        " -c idle_in_transaction_session_timeout=10000",
    }
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Whether what one process puts into the cache is seen by the others.
CACHE_IS_SHARED = bool(REDIS_URL)
if REDIS_URL:
    _redis = {
        "BACKEND": "portal.lib.cache.TolerantRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.3},
    }
    CACHES: dict[str, Any] = {"default": _redis, "pages": _redis}
else:
    _memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    CACHES = {
        "default": {**_memory, "LOCATION": "portal"},
        "pages": {**_memory, "LOCATION": "pages", "OPTIONS": {"MAX_ENTRIES": 2000}},
    }
PAGE_CACHE_SECONDS = 600  # room, not truth: a page is never served beyond its edition
PAGE_CACHE_NGINX_SECONDS = 1
# All tables that a public page is made from, with the fields that count (none named: all). A change of a row is a new
# edition (portal.lib.editions). Saving a draft touches none of these fields.
PUBLIC_TABLES: dict[str, tuple[str, ...]] = {
    "catalogue.Service": (),
    "catalogue.ServiceText": (),
    "catalogue.Service_life_events": (),
    "catalogue.OldAddress": (),
    "catalogue.SearchEntry": (),
    "catalogue.SitePage": (),
    "catalogue.WordLink": ("words", "means", "service", "is_loose", "state"),
    "catalogue.Guide": ("need", "outline"),
    "catalogue.Department": (),
    "catalogue.Region": (),
    "catalogue.ServicePoint": (),
    "catalogue.Notice": ("kind", "title", "title_en", "text", "text_en", "department", "starts_at", "ends_at", "state"),
    "catalogue.Category": (),
    "catalogue.LifeEvent": (),
    "catalogue.Dimension": (),
    "catalogue.Need": (),
    "catalogue.Need_life_events": (),
    "catalogue.Need_categories": (),
    "catalogue.Journey": (),
    "catalogue.JourneyStep": (),
    "cms.ContentPage": (),
    "cms.HomePage": ("body",),
    "forms.FormVersion": ("definition", "number"),  # the catalogue's file has the forms
    "adapters.Binding": ("service", "connection", "operation", "live_at"),  # the lookups that a service page offers
    "adapters.Operation": (),
    "accounts.ClientProfile": ("address", "service", "is_approved"),
    "wagtailcore.Page": ("title", "slug", "live", "path", "url_path", "seo_title", "search_description"),
    "wagtailcore.Site": (),
    "wagtaildocs.Document": ("title", "file"),
    "wagtailimages.Image": ("title", "file"),
}

# --- language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_I18N = True
USE_TZ = True

# --- files ----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
WHITENOISE_MANIFEST_STRICT = False  # a page without its style sheet is better than no page
STATIC_ROOT = VAR_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
UPLOADS_ROOT = VAR_DIR / "uploads"  # residents' papers: encrypted, never served by address
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
ATTACHMENT_MAX_BYTES = 5 * 1024 * 1024
CASE_ATTACHMENTS_MAX_BYTES = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # Wagtail's editor needs it; the applying pages check a lower limit themselves
# How many proxies of ours stand in front; their X-Forwarded-For is believed, nobody else's.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
REQUEST_MAX_BYTES = 24 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = REQUEST_MAX_BYTES  # residents' papers never touch the disk before they are encrypted

# --- mail -----------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Layanan Kota <layanan@example.org>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))

# --- CMS ------------------------------------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = PORTAL_NAME
WAGTAILADMIN_BASE_URL = PUBLIC_URL
WAGTAIL_I18N_ENABLED = True
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
WAGTAILADMIN_LOGIN_URL = "/akun/masuk/"
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAILUSERS_PASSWORD_ENABLED = False  # nobody chooses a password for somebody else
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
# Private networks that links on pages are asked in at night: none, or an editor could look into them by writing addresses.
LINK_CHECK_NETWORKS: list[str] = []
WAGTAIL_FINISH_WORKFLOW_ACTION = "cms.finishing.publish"
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAILIMAGES_IMAGE_FORM_BASE = "cms.files.ImageForm"
WAGTAILDOCS_DOCUMENT_FORM_BASE = "cms.files.DocumentForm"
WAGTAILDOCS_EXTENSIONS = ["pdf", "csv", "xlsx", "docx", "odt"]
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}

# --- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api_tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api_limits.ConsumerLimits"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.lib.strict_json.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "portal.lib.negotiation.WhatThereIs",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.api_limits.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# What one consumer may ask: (name, requests, seconds).
API_LIMITS = (
    ("minute", env.int("API_LIMIT_MINUTE", default=600), 60),
    ("day", env.int("API_LIMIT_DAY", default=100_000), 86_400),
)
SPECTACULAR_SETTINGS = {
    "TITLE": "Layanan Kota API",
    "DESCRIPTION": "The city's service catalogue and residents' cases. Errors are `application/problem+json` (RFC 9457); their "
    "`detail` is English and for developers. What a resident reads (texts of services and forms, each wrong answer in "
    "`errors`, why a file or a later act is refused) is Indonesian, or English with `?lang=en`.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["portal.openapi.only_ours"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {},
}

# Records of lookups are committed together by one thread a process (portal/lib/group_commit.py).
GROUP_COMMIT = True

# --- departments' systems -------------------------------------------------------------------------------------------
ADAPTER_MODULES = [
    "services.adapters.kinds.rest",
    "services.adapters.kinds.openapi",
    "services.adapters.kinds.soap",
    "services.adapters.kinds.inbox",
    "services.adapters.kinds.email",
    "services.adapters.kinds.demo",
    *env.list("ADAPTER_MODULES", default=[]),
]
# Private networks that a backend may live in, as CIDR. Production opens none.
ADAPTER_ALLOWED_NETWORKS: list[str] = env.list("ADAPTER_ALLOWED_NETWORKS", default=[])
ADAPTER_ALLOW_HTTP = env.bool("ADAPTER_ALLOW_HTTP", default=False)
# Mail domains that residents' data may be sent to by connections of kind email. None: that kind cannot be used.
ADAPTER_EMAIL_DOMAINS: list[str] = env.list("ADAPTER_EMAIL_DOMAINS", default=[])

# Named points at which a test may kill, stop or break a process. Refused in production by a system check.
FAULT_FILE = env.str("FAULT_FILE", default="")
FAULT_CLOCK = env.str("FAULT_CLOCK", default="")

# --- observability (docs/how-to/observe.md): off unless asked for -----------------------------------------------------
METRICS_TOKEN = read_secret("METRICS_TOKEN", default="")
# Logs of the server in front in which each line is the moment, the status and the path of a public page (cms.figures).
PAGE_LOGS = env.list("PAGE_LOGS", default=[])
METRICS_FOLDER = str(VAR_DIR / "metrics") if METRICS_TOKEN else ""
if METRICS_FOLDER:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_FOLDER  # prometheus_client looks for it when it is imported
TRACES_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
TRACES_SERVICE_NAME = env.str("OTEL_SERVICE_NAME", default="layanan-kota")

# --- logging: one JSON line an event --------------------------------------------------------------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"correlation": {"()": "portal.lib.logs.CorrelationFilter"}},
    "formatters": {"json": {"()": "portal.lib.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["correlation"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"level": "INFO", "propagate": True, "handlers": []},
        "django.server": {"level": "INFO", "propagate": True, "handlers": []},
        "celery": {"level": "WARNING", "propagate": True},
        "kombu": {"level": "WARNING", "propagate": True},
        "django_tasks": {"level": "WARNING", "propagate": True},
        "oauthlib": {"level": "WARNING", "propagate": True},  # below that it writes tokens down
        "zeep": {"level": "CRITICAL", "propagate": False},
    },
}
