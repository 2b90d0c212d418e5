"""Words as people type them: folding, words that say nothing, and the distance between two spellings."""

from __future__ import annotations

import re
import unicodedata

from services.catalogue.stemming import root

LONGEST = 40  # letters of a word in the index

_KTP = re.compile(r"\b(?:e[\s-]?ktp|ktp[\s-]?el(?:ektronik)?)\b")
_LETTER = re.compile(r"\b([a-z])[-.](?=[a-z]{2,}\b)|\b([a-z]{1,3})-(?=\d{1,3}\b)")
_TWICE = re.compile(r"\b(\w{2,})-\1\b")
_DOUBLED = re.compile(r"([a-z])\1+")
_WORD = re.compile(r"[a-z0-9]+")
_TWO = re.compile(r"^([a-z]{3,})2(nya|ne|an)?$")

# Words that hold a sentence together or only say that somebody wants something, in Indonesian, Javanese, chat and English.
_NOTHING = """
di ke dari yang untuk atau dengan pada oleh ini itu tsb tersebut saya aku kami kita anda kamu dia ia mereka kulo sampeyan
ora mau ingin pengen pengin pingin kepingin arep ape kate hendak akan bakal sudah sdh udah udh wis uwis telah belum blm durung sedang lagi
cara caranya gimana gmn bagaimana piye yoopo yaopo kepiye ga gak nggak ngga enggak ndak gk tdk kah pun ya yo ta tah toh kok lho loh sih dong deh nih
apa opo apakah ada onok ono bisa iso boleh oleh dapat dapet oke tolonglah harus kudu wajib perlu butuh mesti
mana dimana kemana endi ndi nandi nangendi kemanakah dmn kmn kapan kpn siapa sopo kenapa knp ngopo lapo mengapa berapa brp
nang ning ing nek lek yen karo mbek ambek ambik sing seng kanggo gae ben supaya agar biar karena soale krn sebab kalau kalo klo jika bila jadi dadi
sangat sekali banget bgt pol aja saja ae wae doang juga pisan lagi maneh masih sek jek terus trus lalu kemudian habis bar mari setelah
urus mengurus ngurus ngurusi ngurusnya diurus pengurusan proses memproses pak bu mas mbak min kak admin halo hai assalamualaikum permisi nuwun sewu mohon info
yg dg dgn utk dr pd tp tapi nya ku mu ne e an the a to for of in on at by with and or from is are am was were be been do does did how what where when who whom why which
i my me we our us you your he his she her they their it its this that these those there here can could may might must should would will shall
want wants wanted need needs needed like get gets got getting go going have has had please just some any not no dont doesnt didnt isnt im ive about into out up if but so as than then also
sama seperti kayak koyok punya duwe nduwe punyaku buat gawe nggawe damel bikin mbikin tentang soal mengenai hal antara sampai sampek sejak
satu dua tiga siji loro telu beberapa banyak akeh semua kabeh lain liyane setiap tiap
hari minggu bulan tahun taun kemarin wingi besok sesuk tadi mau sekarang saiki saat nanti pagi siang sore malam
bro gan sis om tante dek nak bapak2 ibu2 kawan teman2 rek cak ning2 makasih terima kasih suwun thanks thank
mojokerto mjk majapahit kediri surabaya sidoarjo jombang malang jakarta gresik lamongan pasuruan blitar madiun nganjuk bandung jogja yogyakarta
semarang bali kalimantan sumatera jawa timur magersari prajuritkulon kranggan mentikan gedongan meri gunung blooto surodinawan
very really too much many more most over after before when while still already again now today yesterday tomorrow week month year day days
someone somebody something anything everything everyone anyone thing things way sir madam hello hi hey okay
because since until near around behind front back next under between during without within
tau tahu ngerti weruh kasih dikasih disuruh suruh kongkon dikongkon nyuruh bilang kata katanya jare jarene ngomong pikir
ternyata mungkin pasti memang emang iku kuwi iki ndek ning kono kene rono rene kunu ngono ngene koyok ngono
"""
STOP = frozenset(_DOUBLED.sub(r"\1", w) for w in _NOTHING.split() if w not in {"loro", "oleh", "malam"})
# Words that many sentences about anything have: they count, but little.
WEAK = frozenset(
    root(_DOUBLED.sub(r"\1", w))
    for w in """
    surat kota warga orang wong minta njaluk tolong tulung bantu help request cari golek find make making create beli daftar apply
    kantor office dinas pemerintah pemkot government city pelayanan layanan service services baru anyar new online daring gratis free
    syarat persyaratan requirement lapor report ambil buka rumah omah anak gedung tempat place one person people man ganti ubah change
    milik sendiri dewe mati hilang rusak lama tidak masuk mlebu info informasi nama depan jalan lihat cek hidup tinggal diberi given give
    ibu ayah bapak nenek kakek mbah suami istri bojo adik kakak saudara sedulur teman konco tetangga tonggo mother father wife husband son
    daughter brother sister friend neighbour neighbor proof start mulai open besar gede cilik kecil tua tuwo muda enom luar dalam njero njobo
    bagus apik jelek elek ambil datang teko pergi lungo pakai nganggo use using work working works name number nomor take bring gowo bawa
    pinggir kampung desa pagi malam jam bulanan keluar hape hp handphone phone ponsel kasus masalah problem masalahe punya kena kene
    """.split()
)

def fold(text: str) -> str:
    """Lower case, no accents, one spelling of KTP-el, no reduplication; `p-irt` and `ak-1` are one word each."""
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in text if not unicodedata.combining(c)).replace("'", "").replace("’", "")
    text = _LETTER.sub(lambda m: m[1] or m[2], _KTP.sub("ktp", text))
    return _TWICE.sub(r"\1", text)


def plain_words(text: str) -> list[str]:
    """The folded words of a text in their order, doubled letters written once."""
    return [_TWO.sub(r"\1", _DOUBLED.sub(r"\1", w))[:LONGEST] for w in _WORD.findall(fold(text))]


def index_word(word: str) -> str:
    """A folded word as it stands in the index."""
    return root(word)


def index_words(text: str) -> list[str]:
    """The searchable words of a text, stop words left out, order kept, each once."""
    return list(dict.fromkeys(r for w in plain_words(text) if not says_nothing(w, r := index_word(w))))


def says_nothing(word: str, root: str) -> bool:
    """Is this a word without content, as written or as its root (`seminggu`, `tahunan`)?"""
    return word in STOP or root in STOP


def edit_distance(a: str, b: str, limit: int) -> int:
    """Damerau-Levenshtein (adjacent swap = 1); `limit + 1` as soon as it must be more."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before_last: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before_last, last = last, row
    return last[-1]
