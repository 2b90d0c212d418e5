"""What the templates say of spans of time."""

from __future__ import annotations

import pytest
from django.utils import translation

from portal.templatetags.components import age


@pytest.mark.parametrize(
    ("seconds", "indonesian", "english"),
    [
        (1, "1 detik", "1 second"),
        (42, "42 detik", "42 seconds"),
        (60, "1 menit", "1 minute"),
        (130, "2 menit", "2 minutes"),
        (3660, "1 jam 1 menit", "1 hour 1 minute"),
        (5000, "1 jam 23 menit", "1 hour 23 minutes"),
        (200000, "2 hari 7 jam", "2 days 7 hours"),
    ],
)
def test_an_age_is_counted_in_either_language(seconds: float, indonesian: str, english: str) -> None:
    with translation.override("id"):
        assert age(seconds) == indonesian
    with translation.override("en"):
        assert age(seconds) == english
