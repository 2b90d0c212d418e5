"""Trouble that cannot wait shows the emergency numbers; paperwork about the same words does not."""

from __future__ import annotations

import pytest

from services.catalogue.emergencies import emergency_numbers


@pytest.mark.parametrize(
    "text",
    [
        *("rumah terbakar", "kebakarn", "kebkaran pasar", "omah kobongan", "my house is burning", "house fire", "gas bocor"),
        *(
            "ada maling",
            "onok maling",
            "digebuki tonggo",
            "rape",
            "bunuh diri",
            "suicide",
            "banjir",
            "darurat",
            "begal",
            "api",
        ),
    ],
)
def test_danger_shows_the_number_of_all(text: str) -> None:
    assert emergency_numbers(text) == ("112",)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "kecelakaan di jalan",
            "accident",
            "bleeding",
            "heart attack",
            "kesetrum",
            "istri mau melahirkan",
            "ketuban pecah",
        ),
        *("butuh ambulan", "sesak napas", "wong semaput", "digigit ular", "pendarhan", "tabrak lari"),
        *("ketabrak motor", "orang kejang", "gak bisa napas", "someone unconscious"),
    ],
)
def test_health_at_stake_shows_the_ambulance_too(text: str) -> None:
    assert emergency_numbers(text) == ("112", "119")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "akta kelahiran",
            "akta anak baru melahirkan",
            "tiket kereta api",
            "kartu api",
            "surat darurat nikah",
            "",
            "🙂",
            "bpjs",
        ),
        *(
            "pelatihan kebakaran",
            "izin proteksi kebakaran",
            "peta banjir",
            "fire permit",
            "santunan kecelakaan",
            "jadwal poli jantung",
        ),
        *("biaya melahirkan", "kebersihan", "perkawinan", "tenggang waktu", "lapor jalan rusak", "periksa jantung"),
    ],
)
def test_paperwork_does_not(text: str) -> None:
    assert emergency_numbers(text) == ()
