"""Who signs in and how: accounts, second factors, sessions, the OIDC provider, the national identity provider."""

import json
from typing import Any

from portal.lib.secrets import read_secret
from portal.settings.environment import PUBLIC_URL, env
from portal.settings.upstream import upstream

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "accounts.guard.passwords.LengthValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.guard.passwords.GuessableValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account-home"
ACCOUNT_ADAPTER = "accounts.sso.login.LoginHooks"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC_URL.split(":", 1)[0]
# Beside these, few guesses at one account from all addresses together (accounts.guard.guessing). Many residents share one
# address of a mobile network: what is counted by address is generous.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",  # every look at the page counts, and hundreds may stand behind one address
    "login_failed": "30/m/ip,300/h/ip",  # an address is many people; one account: accounts.guard.guessing
    "code": "20/m/ip",
    "signup": "20/m/ip,60/h/ip",
    "reset_password": "20/m/ip,5/h/key",
    "request_login_code": "20/m/ip",  # and by address and number: accounts.codes.issuing
}
ACCOUNT_FORMS = {
    "login": "accounts.guard.forms.SignIn",
    "signup": "accounts.guard.forms.SignUp",
    "reauthenticate": "accounts.guard.forms.SignInAgain",
    "change_password": "accounts.guard.forms.ChangePassword",
    "set_password": "accounts.guard.forms.SetPassword",
    "reset_password": "accounts.guard.forms.ForgottenPassword",
    "reset_password_from_key": "accounts.guard.forms.NewPassword",
    "user_token": "accounts.guard.forms.ResetLink",
    "add_email": "accounts.guard.forms.AddEmail",
}
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before an address is added, chosen or deleted
PASSWORD_RESET_TIMEOUT = 3600
USERSESSIONS_ADAPTER = "accounts.guard.devices.SessionHooks"

# --- short messages and phone numbers ---
# A channel that has no gateway is not offered; without any nobody signs in with a phone number.
SHORT_CHANNELS: dict[str, dict[str, Any]] = {
    name: {"url": url, "secret": read_secret(f"{name.upper()}_WEBHOOK_SECRET", default="")}
    for name in ("sms", "whatsapp")
    if (url := env.str(f"{name.upper()}_WEBHOOK_URL", default=""))
}
PHONE_REGIONS = env.list("PHONE_REGIONS", default=["ID"])  # messages abroad cost most: none are sent there
PHONE_MESSAGES_DAY = env.int("PHONE_MESSAGES_DAY", default=5_000)  # codes a day, in all
# A number speaks for its account without the password for so long after a code was last written from it.
PHONE_PROOF_DAYS = env.int("PHONE_PROOF_DAYS", default=60)

# --- second factor and staff sessions ---
MFA_ADAPTER = "accounts.factors.hooks.FactorHooks"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "accounts.factors.forms.CodeForm",
    "reauthenticate": "accounts.factors.forms.CodeAgainForm",
    "activate_totp": "accounts.factors.forms.ActivateForm",
    "authenticate_webauthn": "accounts.factors.forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.factors.forms.PasskeyAgainForm",
    "login_webauthn": "accounts.factors.forms.PasskeySignInForm",
    "add_webauthn": "accounts.factors.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.factors.forms.RenamePasskeyForm",
}
# Who has duties beyond a resident's (besides superusers and members of any group): a function of a user each.
STAFF_RULES = ["services.catalogue.queries.is_member"]
# What follows from a change of somebody's roles in a department: a function of the person and the department's code each,
# in the same transaction.
MEMBER_FOLLOWERS = ["cms.roles.follow"]
# What follows from opening, renaming or merging a department (a function of the department each), and the modules of the
# other floors whose rows pass from one department to another: `counted(department)` and `merge(gone, into)`.
DEPARTMENT_FOLLOWERS = ["cms.departments.follow"]
DEPARTMENT_HEIRS = [
    "cms.departments",
    "services.cases.departments",
    "services.adapters.departments",
    "services.subscriptions.departments",
]
STAFF_IDLE_SECONDS = env.int("STAFF_IDLE_SECONDS", default=30 * 60)
STAFF_SESSION_SECONDS = env.int("STAFF_SESSION_SECONDS", default=12 * 3600)

# --- the city's OIDC provider ---
# A JSON list of {"pem", "issued_at", "not_before", "expires_at"}: the newest active key signs, a future one is published
# early, an expired one is gone (`manage.py oidc_keys`).
OIDC_KEYS = read_secret("OIDC_KEYS", default="")
IDP_OIDC_PRIVATE_KEYS: list[dict[str, Any]] = json.loads(OIDC_KEYS) if OIDC_KEYS else []
IDP_OIDC_ADAPTER = "accounts.sso.provider.ProviderHooks"

# --- sign-in upstream: a national identity provider that knows whose NIK it is; none unless its issuer is set ---
NATIONAL_ID_PROVIDER = "nasional"
NATIONAL_ID_ISSUER = env.str("NATIONAL_ID_ISSUER", default="").rstrip("/")
NATIONAL_ID_NAME = env.str("NATIONAL_ID_NAME", default="Identitas Nasional")
NATIONAL_ID_CLIENT_ID = env.str("NATIONAL_ID_CLIENT_ID", default="")
NATIONAL_ID_SECRET = read_secret("NATIONAL_ID_SECRET", default="")
NATIONAL_ID_KEY = read_secret("NATIONAL_ID_KEY", default="")  # PEM: private_key_jwt instead of a secret
NATIONAL_ID_KEY_ALGORITHM = env.str("NATIONAL_ID_KEY_ALGORITHM", default="ES256")
NATIONAL_ID_AUDIENCE = env.str("NATIONAL_ID_AUDIENCE", default="")  # of our assertion; its token address unless set
NATIONAL_ID_SCOPES = env.list("NATIONAL_ID_SCOPES", default=["openid", "profile", "nik"])
NATIONAL_ID_NIK_CLAIM = env.str("NATIONAL_ID_NIK_CLAIM", default="nik")
NATIONAL_ID_ACR = env.list("NATIONAL_ID_ACR", default=[])  # levels of theirs that count; all unless set
SOCIALACCOUNT_ADAPTER = "accounts.sso.national.SocialHooks"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = upstream(
    NATIONAL_ID_ISSUER,
    NATIONAL_ID_NAME,
    NATIONAL_ID_CLIENT_ID,
    "" if NATIONAL_ID_KEY else NATIONAL_ID_SECRET,
    scopes=NATIONAL_ID_SCOPES,
    acr=NATIONAL_ID_ACR,
)
