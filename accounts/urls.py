"""Sign-in and what belongs to it, under /akun/. The views are allauth's; names stay allauth's, addresses are ours."""

from allauth.account import views
from allauth.account.decorators import reauthentication_required
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import path, re_path

from accounts.codes import views as codes
from accounts.factors import views as own
from accounts.guard import devices
from accounts.sso import connected_apps, linking, national_views
from accounts.views import own_name, speak

# Ending sessions asks for a proof of the owner when the last one is some minutes old (a GET only leads back to the list).
proved = reauthentication_required(allow_get=True)

urlpatterns = [
    path("masuk/", views.login, name="account_login"),
    path("bahasa/", speak, name="account-language"),
    path("nama/", own_name, name="own-name"),
    path("nasional/", national_views.start, name="national-start"),
    path("izin/", connected_apps.consent, name="sso-consent"),
    path("aplikasi/", connected_apps.connected, name="sso-connected"),
    path("aplikasi/tautkan/", linking.begin, name="sso-link"),
    path("aplikasi/tautkan/selesai/", linking.confirm, name="sso-link-confirm"),
    path("aplikasi/tautkan/lepas/", linking.unlink, name="sso-unlink"),
    path("aplikasi/cabut/", connected_apps.take_back, name="sso-take-back"),
    path("keluar/", views.logout, name="account_logout"),
    path("daftar/", codes.sign_up_page, name="account_signup"),
    path("nonaktif/", views.account_inactive, name="account_inactive"),
    path("masuk/ulang/", views.reauthenticate, name="account_reauthenticate"),
    path("masuk/sekali/", codes.ask, name="account_request_login_code"),
    path("masuk/sekali/kode/", codes.confirm, name="account_confirm_login_code"),
    path("daftar/kode/", codes.sign_up, name="signup-code"),
    path("nomor/", codes.number, name="number"),
    path("nomor/kode/", codes.number_code, name="number-code"),
    path("nomor/hapus/", codes.remove_number, name="number-remove"),
    path("sandi/lupa/kode/", codes.password_code, name="password-code"),
    path("perangkat/", devices.listed, name="usersessions_list"),
    path("perangkat/keluarkan/", proved(devices.end), name="session-end"),
    path("perangkat/keluarkan/semua/", proved(devices.end_all), name="session-end-all"),
    path("masuk/kode/", own.write_code, name="mfa_authenticate"),
    path("masuk/kunci/", own.passkey_sign_in, name="mfa_login_webauthn"),
    path("masuk/ulang/kode/", own.write_code_again, name="mfa_reauthenticate"),
    path("masuk/ulang/kunci/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("langkah-kedua/", own.index, name="mfa_index"),
    path("langkah-kedua/aplikasi/pasang/", own.activate_app, name="mfa_activate_totp"),
    path("langkah-kedua/aplikasi/cabut/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("langkah-kedua/cadangan/", own.recovery_codes, name="mfa_view_recovery_codes"),
    path("langkah-kedua/cadangan/baru/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("langkah-kedua/cadangan/unduh/", own.download, name="mfa_download_recovery_codes"),
    path("langkah-kedua/kunci/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("langkah-kedua/kunci/tambah/", own.add_passkey, name="mfa_add_webauthn"),
    path("langkah-kedua/kunci/<int:pk>/hapus/", own.remove_passkey, name="mfa_remove_webauthn"),
    path("langkah-kedua/kunci/<int:pk>/nama/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("email/", views.email, name="account_email"),
    path("email/konfirmasi/", views.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^email/konfirmasi/(?P<key>[-:\w]+)/$", codes.confirm_address, name="account_confirm_email"),
    path("sandi/ganti/", views.password_change, name="account_change_password"),
    path("sandi/buat/", views.password_set, name="account_set_password"),
    path("sandi/lupa/", codes.lost_password, name="account_reset_password"),
    path("sandi/lupa/terkirim/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^sandi/lupa/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("sandi/lupa/selesai/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
]
