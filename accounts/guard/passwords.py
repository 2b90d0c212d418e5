"""Passwords by NIST SP 800-63B-4: long, not guessable from lists or from the person, and nothing about kinds of letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User

ALONE = 15  # where the password is the only factor
WITH_SECOND_FACTOR = 8
LONGEST = 256
_WORDS = (
    "password passwort passphrase sandi kata katasandi rahasia qwerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm admin"
    " administrator user pengguna login masuk welcome selamat datang iloveyou sayang indonesia merdeka jakarta jawa timur"
    " layanan kota kabupaten portal warga dinas pemkot pemkab pemerintah mpp abc abcd abcde abcdef letmein monkey dragon"
    " test tes contoh demo januari februari maret april mei juni juli agustus september oktober november desember"
)
_RUNS = (
    "01234567890123456789012345",
    "98765432109876543210987654",
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
)
_TOO_FEW = 4


class _Quiet:
    """Our forms say the rules in one sentence (accounts.guard.forms), not in a list of validators."""

    def get_help_text(self) -> str:
        return ""


class LengthValidator(_Quiet):
    """15 letters; 8 for a person with a second factor. Counted as people count, after normalisation."""

    def validate(self, password: str, user: Any = None) -> None:
        from accounts.factors.rules import second_factors

        length = len(unicodedata.normalize("NFC", password))
        if length > LONGEST:
            raise ValidationError(_("Kata sandi paling banyak %(n)d huruf") % {"n": LONGEST}, code="password_too_long")
        strong = isinstance(user, User) and user.pk is not None and second_factors(user)
        shortest = WITH_SECOND_FACTOR if strong else ALONE
        if length < shortest:
            text = _("Kata sandi paling sedikit %(n)d huruf. Yang Anda tulis baru %(have)d. Kalimat pendek mudah diingat")
            raise ValidationError(text % {"n": shortest, "have": length}, code="password_too_short")


class GuessableValidator(_Quiet):
    """Not made of words everybody tries here, of the person's own data, of a run or of a repetition."""

    def validate(self, password: str, user: Any = None) -> None:
        text = unicodedata.normalize("NFC", password).lower()
        if any(number and number in re.sub(r"\D", "", text) for number in _numbers_of(user)):
            raise ValidationError(_("Kata sandi memuat nomor Anda sendiri. Pilih yang lain"), code="password_own_data")
        left = re.sub(r"[\W_]+", "", text)
        for word in sorted({*_city_words(), *_words_of(user)}, key=len, reverse=True):
            left = left.replace(word, "")
        for run in _RUNS:
            for size in range(len(run), 3, -1):
                for start in range(len(run) - size + 1):
                    left = left.replace(run[start : start + size], "")
        left = re.sub(r"(.{1,8}?)\1+", r"\1", left)  # a repetition is worth one of it
        if len(re.sub(r"\d", "", left)) < _TOO_FEW and len(left) < 2 * _TOO_FEW:
            raise ValidationError(
                _("Kata sandi ini mudah ditebak. Pakai beberapa kata yang tidak berhubungan"), code="password_guessable"
            )


@lru_cache(maxsize=4)
def _city_words() -> frozenset[str]:
    own = f"{settings.CITY_NAME} {settings.PORTAL_NAME} {settings.CASE_NUMBER_PREFIX}".lower()
    return frozenset(word for word in (*_WORDS.split(), *re.findall(r"\w+", own)) if len(word) >= 3)


def _words_of(user: Any) -> set[str]:
    said = f"{getattr(user, 'name', '') or ''} {getattr(user, 'email', '') or ''} {getattr(user, 'kelurahan', '') or ''}"
    return {word for word in re.findall(r"[^\W_]+", said.lower()) if len(word) >= 3}


def _numbers_of(user: Any) -> set[str]:
    found = (re.sub(r"\D", "", getattr(user, field, "") or "") for field in ("nik", "kk_number", "phone"))
    return {number.removeprefix("62").removeprefix("0") for number in found if len(number) >= 8}
