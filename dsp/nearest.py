"""The known name that somebody may have meant: whole words first, spelling second, and nothing far-fetched."""

import difflib
import re
from collections.abc import Iterable

_LONGEST = 60  # characters that are compared: a name may be anything that somebody typed
_ALIKE = 0.7  # of a word's spelling
_ALIKE_AS_A_WHOLE = 0.6


def nearest(name: str, known: Iterable[str]) -> str:
    """The nearest of `known`; "" when none is near. "amount" finds "denoise.amount_db", "live" finds "denoise-live".

    A name with all words of the wanted one comes before one that is only spelled alike; of several the one with the
    fewest other words, then the first.
    """
    wanted = _words(name[:_LONGEST])
    all_known = list(known)
    with_words = [each for each in all_known if wanted and set(wanted) <= set(_words(each))]
    if with_words:
        return min(with_words, key=lambda each: len(_words(each)))
    alike = [(score, each) for each in all_known if (score := _alike(name[:_LONGEST], wanted, each)) > 0.0]
    return max(alike, key=lambda pair: pair[0])[1] if alike else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """For the end of a message: "; did you mean denoise-live?", or "" when nothing is near."""
    near = nearest(name, known)
    return f"; did you mean {near}?" if near else ""


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if word]


def _alike(name: str, wanted: list[str], known: str) -> float:
    """How alike two names are spelled, 0 to 1; 0 when they are not."""
    whole = _ratio(name.casefold(), known.casefold())
    words = [max((_ratio(word, other) for other in _words(known)), default=0.0) for word in wanted]
    if whole >= _ALIKE_AS_A_WHOLE:
        return whole
    return min(words) * _ALIKE if words and min(words) >= _ALIKE else 0.0


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()
