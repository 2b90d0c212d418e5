"""Who types a trouble that cannot wait sees the emergency numbers above every result: 112 (all), 119 (ambulance).

Some words always mean danger. Others do so only while nothing of paperwork or of everyday things stands beside them: "melahirkan"
alone is one, "akta anak baru melahirkan" is none. A slip of one letter in a long word is read as the word.
"""

from __future__ import annotations

from services.catalogue.words import edit_distance, plain_words

ALL, AMBULANCE = "112", "119"
LONG = 7  # letters from which a slip is forgiven

_HEALTH = (
    "pingsan sekarat stroke ambulans ambulan ambulance semaput kesetrum tersetrum pendarahan bleeding overdosis kejang "
    "tertabrak ketabrak unconscious"
)
_HEALTH_PHRASES = (
    "serangan jantung, heart attack, tabrak lari, napas berhenti, car accident, traffic accident, sesak napas, sesak nafas, "
    "gak bisa napas, tidak bisa napas, cannot breathe, ora iso ambegan, gantung diri, patah tulang, "
    "mau melahirkan, ketuban pecah, digigit ular, dipatuk ular"
)
_HEALTH_ALONE = "kecelakaan tabrakan keracunan melahirkan sesak jantung accident"
_DANGER = (
    "terbakar kebakar kobongan kobong burning rampok perampokan dirampok dianiaya dipukuli digepuki digebuki begal dibegal diperkosa "
    "perkosa rape raped suicide robbery tenggelam kelelep ledakan meledak explosion kdrt penculikan diculik kemalingan kerampokan"
)
_DANGER_PHRASES = (
    "bunuh diri, bunuh orang, mau dibunuh, gas bocor, bocor gas, gas leak, house fire, on fire, ada api, api besar, onok geni, "
    "ono geni, mukul istri, pukul istri, memukul istri, dipukul suami, ada maling, onok maling, ono maling, rumah roboh"
)
_DANGER_ALONE = "kebakaran gempa geni darurat emergency banjir maling thief fire ular longsor dipukul api bunuh pemerkosaan"
_NOT_THEN = (
    "akta akte surat kartu kereta nikah kawin izin ijin ktp kk daftar pendaftaran jadwal vaksin bpjs jkn kis biaya tarif santunan "
    "bantuan peta alat apar pelatihan penyuluhan sosialisasi edukasi laporan tungku poli periksa kontrol dokter antri antrean proteksi "
    "peralatan permit "
    "certificate card train insurance alarm"
)


_STRONG = {AMBULANCE: frozenset(plain_words(_HEALTH)), ALL: frozenset(plain_words(_DANGER))}
_WEAK = {AMBULANCE: frozenset(plain_words(_HEALTH_ALONE)), ALL: frozenset(plain_words(_DANGER_ALONE))}
_PHRASES = {
    number: [tuple(plain_words(phrase)) for phrase in phrases.split(",")]
    for number, phrases in ((AMBULANCE, _HEALTH_PHRASES), (ALL, _DANGER_PHRASES))
}
_PAPERWORK = frozenset(plain_words(_NOT_THEN))


def emergency_numbers(text: str) -> tuple[str, ...]:
    """112 for danger, 119 as well when somebody's health is at stake; empty otherwise."""
    words = plain_words(text)
    meant = {number for number in (AMBULANCE, ALL) if _says(words, number)}
    if AMBULANCE in meant:
        return (ALL, AMBULANCE)
    return (ALL,) if meant else ()


def _says(words: list[str], number: str) -> bool:
    if any(_is(word, _STRONG[number]) for word in words):
        return True
    if any(tuple(words[at : at + len(one)]) == one for one in _PHRASES[number] for at in range(len(words))):
        return True
    return _PAPERWORK.isdisjoint(words) and any(_is(word, _WEAK[number]) for word in words)


def _is(word: str, known: frozenset[str]) -> bool:
    if word in known:
        return True
    return len(word) >= LONG and any(len(one) >= LONG and edit_distance(word, one, 1) <= 1 for one in known)
