"""From what somebody typed to what may be meant: one slot a word or phrase, each with weighted alternatives."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.catalogue.lexicon import BACK, MOST_BACK, Memory, Terms, Words
from services.catalogue.stemming import base_words
from services.catalogue.words import WEAK, index_word, plain_words, says_nothing

MAX_TOKENS = 40
MAX_SLOTS = 12
MAX_LONGER = 12  # words that the last one may be the beginning of
CORRECTED, DOUBTED, BEGUN, APART = 0.85, 0.75, 0.45, 0.8
UNFINISHED = 0.5  # of a correction: the last word may as well be the beginning of one
WEAK_SHARE = 0.35
CORRECTED_SHARE = 0.6
PLACE_SHARE = 0.6
WHERE = frozenset({"di", "nang", "ning", "ndek", "neng", "dek", "in", "at", "near"})


@dataclass
class Slot:
    """One thing that was typed, and the words of the index that may be meant, each with a weight from 0 to 1."""

    typed: str
    alternatives: dict[Words, float] = field(default_factory=dict)
    own: Words = ()  # the typed words themselves, as roots
    corrected: dict[Words, str] = field(default_factory=dict)  # alternative -> the word it was corrected to
    importance: float = 0.0
    is_place: bool = False  # said to be where it happened: `ilang nang pasar`

    def may_mean(self, words: Words, weight: float) -> None:
        if words and weight > self.alternatives.get(words, 0.0):
            self.alternatives[words] = weight


def interpret(text: str, memory: Memory) -> list[Slot]:
    """The slots of a query in their order, the most telling ones when there are many. Empty for a text that says nothing."""
    tokens = _joined(plain_words(text)[:MAX_TOKENS], memory)
    roots = [index_word(t) for t in tokens]
    slots: list[Slot] = []
    place = 0
    while place < len(tokens):
        length = _phrase(tokens, roots, place, memory)
        if length > 1:
            slots.append(_slot_of_phrase(tokens[place : place + length], roots[place : place + length], memory))
            slots[-1].is_place = _is_place(tokens, place)
        elif not says_nothing(tokens[place], roots[place]):
            slots.append(_slot_of_word(tokens[place], roots[place], memory, is_last=place == len(tokens) - 1))
            slots[-1].is_place = _is_place(tokens, place)
        place += length
    merged: dict[str, Slot] = {}
    for slot in slots:
        _weigh(slot, memory.terms)
        merged.setdefault(" ".join(slot.own) or slot.typed, slot)
    kept = sorted(merged.values(), key=lambda s: -s.importance)[:MAX_SLOTS]
    return [s for s in merged.values() if s in kept]


def _joined(tokens: list[str], memory: Memory) -> list[str]:
    """`s k c k`, `p irt` and `ak 1` are one word each where the index has it so."""
    made: list[str] = []
    place = 0
    while place < len(tokens):
        length = next((n for n in (5, 4, 3, 2) if _is_torn(tokens[place : place + n], n, memory)), 1)
        made.append("".join(tokens[place : place + length]))
        place += length
    return made


def _is_torn(pieces: list[str], length: int, memory: Memory) -> bool:
    if len(pieces) < length or "".join(pieces) not in memory.terms.roots:
        return False
    return all(len(p) == 1 for p in pieces) or (length == 2 and len(pieces[0]) <= 2 and not pieces[0].isdigit())


def _is_place(tokens: list[str], place: int) -> bool:
    """Does the word say where something is or happened? Not at the beginning, where it is all that was said so far."""
    return place > 1 and tokens[place - 1] in WHERE


def _phrase(tokens: list[str], roots: list[str], place: int, memory: Memory) -> int:
    for length in range(min(memory.lexicon.longest, len(tokens) - place), 1, -1):
        span = slice(place, place + length)
        forms = (tuple(tokens[span]), tuple(roots[span]), memory.lexicon.plain(tuple(tokens[span])))
        if any(form in memory.lexicon.meanings for form in forms):
            return length
    return 1


def _slot_of_phrase(tokens: list[str], roots: list[str], memory: Memory) -> Slot:
    own = tuple(r for t, r in zip(tokens, roots, strict=True) if not says_nothing(t, r))
    slot = Slot(" ".join(tokens), own=own)
    for form in (tuple(tokens), tuple(roots), memory.lexicon.plain(tuple(tokens))):
        for means, weight in memory.lexicon.meanings.get(form, {}).items():
            slot.may_mean(means, weight)
    if any(r in memory.terms for r in own):
        slot.may_mean(own, len(own) / len(tokens) * (1.0 if all(r in memory.terms for r in own) else APART))
    for word, root in zip(tokens, roots, strict=True):  # each for itself, where nothing else was meant
        if not says_nothing(word, root) and root in memory.terms:
            slot.may_mean((root,), 0.5)
    return slot


def _slot_of_word(word: str, root: str, memory: Memory, *, is_last: bool) -> Slot:
    slot = Slot(word, own=(root,))
    _add_meanings(slot, word, root, memory, 1.0)
    known = bool(slot.alternatives) or word in memory.lexicon.words or root in memory.lexicon.words
    if is_last and len(word) >= 3 and not word.isdigit():
        for longer in memory.terms.beginning_with(word, MAX_LONGER):
            slot.may_mean((longer,), BEGUN)
    unfinished = UNFINISHED if slot.alternatives and not known else 1.0
    if not known and word not in memory.terms.roots and root not in base_words():
        _correct(slot, word, memory, CORRECTED * unfinished)
    elif word not in memory.terms.roots and word not in memory.lexicon.words and word not in base_words() and root != word:
        _correct(slot, word, memory, DOUBTED, reach=1)  # `kematain` is no form of `mata`, but `pengumuman` is one of `umum`
    return slot


def _add_meanings(slot: Slot, word: str, root: str, memory: Memory, share: float) -> None:
    terms, lexicon = memory.terms, memory.lexicon
    if root in terms:
        slot.may_mean((root,), share)
    targets: dict[Words, float] = {}
    for form in {(word,), (root,)}:
        for means, weight in lexicon.meanings.get(form, {}).items():
            targets[means] = max(weight, targets.get(means, 0.0))
    for means, weight in targets.items():
        if any(w in terms for w in means):
            slot.may_mean(means, weight * share)
    around = [(root, BACK), *((means[0], weight * BACK) for means, weight in targets.items() if len(means) == 1)]
    for middle, weight in around:
        for other in [o for o in lexicon.back.get(middle, ()) if o in terms and o != root][:MOST_BACK]:
            slot.may_mean((other,), weight * share)


def _correct(slot: Slot, word: str, memory: Memory, share: float, *, reach: int = 2) -> None:
    """A word that nobody knows is read as its nearest spellings; else as two words written as one."""
    for near in memory.spellings.near(word, reach):
        before = set(slot.alternatives)
        _add_meanings(slot, near, index_word(near), memory, share)
        for words in slot.alternatives.keys() - before:
            slot.corrected[words] = near
    if slot.alternatives:
        return
    for cut in range(3, len(word) - 2):
        left, right = index_word(word[:cut]), index_word(word[cut:])
        if left in memory.terms and right in memory.terms:
            slot.may_mean((left, right), CORRECTED)
            slot.corrected[(left, right)] = f"{word[:cut]} {word[cut:]}"


def _weigh(slot: Slot, terms: Terms) -> None:
    """How much it tells that a service has one of these words: the rarity of the commonest that is surely meant."""
    if not slot.alternatives:
        slot.importance = 1.5
        return
    best = max(slot.alternatives.values())
    sure = [w for w, weight in slot.alternatives.items() if weight >= min(0.9, best)]
    slot.importance = min(max(terms.rarity(w) for w in words) for words in sure)
    if (len(slot.own) == 1 and (slot.own[0] in WEAK or any(len(w) == 1 and w[0] in WEAK for w in sure))) or (
        slot.typed.isdigit() and len(slot.typed) < 3
    ):
        slot.importance *= WEAK_SHARE
    if slot.corrected and slot.own not in slot.alternatives:
        slot.importance *= CORRECTED_SHARE
    if slot.is_place:
        slot.importance *= PLACE_SHARE
