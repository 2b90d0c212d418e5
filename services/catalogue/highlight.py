"""Which words of a text were looked for."""

from __future__ import annotations

import re
from collections.abc import Collection

from services.catalogue.words import index_word, plain_words

_PIECES = re.compile(r"([\w’'-]+)")


def marked(text: str, words: Collection[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it was looked for; together they are the text."""
    pieces: list[tuple[str, bool]] = []
    for piece in _PIECES.split(text):
        if piece:
            roots = {index_word(w) for w in plain_words(piece)}
            hit = bool(roots) and roots <= set(words)
            if pieces and pieces[-1][1] == hit:
                pieces[-1] = (pieces[-1][0] + piece, hit)
            else:
                pieces.append((piece, hit))
    return pieces
