"""The form of rows at area level: a short name of the operator, and a telephone, and no word that narrows the place.

A text is refused where it holds a digit that is no age, hour or short number, a word for a street, corner, exit, mile
or grid, a letter of another script, or a town of the packaged gazetteer, misspelled too. An operator whose own name is
of that kind is let through by a record (``may_show`` "name", see :mod:`kcgeo.data.directory.closing.authorisations`)
and by nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache

import pandas as pd

from kcgeo.data.directory.closing.doors import plain_text
from kcgeo.data.directory.closing.looks import text_looks_like_place
from kcgeo.data.package.catalogue import load

__all__ = ["approved_names", "is_telephone", "narrows_the_place"]

# Names of towns that are words of every other service: refused only after a word such as "in" or "near".
_ALSO_WORDS = frozenset(
    re.findall(
        r"\w+",
        "alliance alpha bethany bethel brooks center central centre commerce defiance eagle eden energy "
        "enterprise experiment foster freedom friendship green harbor haven hill home hope industry jasper "
        "justice manor mission normal northeast opportunity paradise pearl phoenix pine progress prosperity "
        "providence rainbow reform sisters spring springs star strong sunrise sunset superior temple union "
        "unity valley welcome west williams willow zion ",
    )
)
# Words of many services that are one slip away from the name of some town: taken as they are written.
_ORDINARY = frozenset(
    re.findall(
        r"\w+",
        "bridge bridges brooks camino campaign caring center centers centre centres centro children childrens "
        "christian cross demand entry family forest foster friend friends garden gardens gateway gateways "
        "gender green group harbour heartland hills home homes horizon house houses learning league light "
        "line lines living manos missing mission missions morning mother mountain patrol person persons "
        "resource ridge rights safe salud search service shelter shine sister spring springs station stores "
        "summer support trauma troop tubman vineyard veronica voice voices wayside western willow wings "
        "winter women womens woman youth",
    )
)
_PLACED = frozenset(("in", "at", "near", "outside", "by", "en", "cerca"))
_SHORT_FOR = {"st": "saint", "ft": "fort", "mt": "mount", "pk": "park", "spgs": "springs", "hts": "heights"}
_LONG_NAME = 9  # a name of this many letters is found also where blanks were left out
_LARGE_TOWN = 10_000  # a name that was parted ("Grand View") is looked for among towns of this many people
_MOST_WORDS = 5
_SURE_NAME = 6  # a town of fewer letters is one slip away from too many words
_LEAST_SLIPPED = 4

# What may hold digits: around the clock, ages, numbers that everybody dials, and a running number at the end.
_HARMLESS = re.compile(
    r"\b24\s?/\s?7\b|\b24[\s-]?hours?\b"
    r"|\b(?:ages?\s)?(?:under|over|birth to|from)?\s?\d{1,2}(?:\s?(?:-|to)\s?\d{1,2}|\+)"
    r"(?=$|[\s,;)](?!\w*[\s,]*(?:and|&)\b))|\bunder \d{1,2}\b|\bbirth to \d{1,2}\b|\b(?:211|988|911)\b"
    r"|\b(?:organi[sz]ation|agency|program(?:me)?|service|demo|sample|group|partner|shelter|refuge|house)\s\d{1,3}$"
)
_WORDS_OF_PLACE = re.compile(
    r"\b(?:streets?|avenues?|ave|roads?|rd|boulevards?|blvd|lanes?|ln|parkways?|pkwy|highways?|hwy|freeway|turnpike|"
    r"interstate|terrace|trafficway|trails?|broadway|plaza|corners?|intersections?|crossroads of|block of|exits?|"
    r"mile ?(?:markers?|posts?)|mileposts?|miles? (?:north|south|east|west)|county|township|zip ?codes?|"
    r"p\.? ?o\.? ?box|suite|apt|apartment|building [a-z]|blocks?|main ?street|kck|kcmo|"
    r"latitude|longitude|lat|lon|lng|utm|mgrs|usng|degrees?|grid ref\w*|"
    r"calle|avenida|carretera|camino|bulevar|esquina|kil[oó]metro|salida|colonia|barrio|condado|"
    r"(?:north|south|east|west) of|next to|across from|behind|near)\b"
    r"|\b[a-z]+ (?:st|dr)\.?(?=$|\s*[,;)&]|\s+(?:and|house|home|shelter|refuge|center)\b)"
    r"|\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\s+(?:and|&)\b"
    r"|(?:\band|&)\s+(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\b"
)
_TELEPHONE = re.compile(
    r"(?:\+?1[\s.-]?)?(?:(?:\(\d{3}\)|\d{3})[\s.-]?)?\d{3}[\s.-]?\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,4})?|(?:211|988|911)"
)


@lru_cache(maxsize=1)
def _towns() -> tuple[frozenset[tuple[str, ...]], frozenset[str], frozenset[str]]:
    """Return the towns as tuples of words; the long ones as letters without blanks; of these, the larger towns."""
    table = load("cities_us")
    names = {tuple(_letters(str(name)).split()): 0 for name in load("states")["name"]}
    words = frozenset({tuple(_letters(str(name)).split()) for name in table["name"]} - set(names) - {()})
    joined = frozenset("".join(name) for name in words if len("".join(name)) >= _LONG_NAME) - _ALSO_WORDS
    large = table.loc[table["population_count"] >= _LARGE_TOWN, "name"]
    return words, joined, joined & {_letters(str(name)).replace(" ", "") for name in large}


def _letters(text: str) -> str:
    """Fold accents away and keep letters only, single blanks between words; letters that stand alone are joined."""
    plain = unicodedata.normalize("NFKD", re.sub(r"['\u2019](?:s\b)?", "", plain_text(text)))
    words = re.findall(r"[a-z]+", "".join(mark for mark in plain if not unicodedata.combining(mark)))
    words = [_SHORT_FOR.get(word, word) for word in words]
    return re.sub(r"\b([a-z]) (?=[a-z]\b)", r"\1", " ".join(words))


@lru_cache(maxsize=4096)
def _names_a_town(text: str) -> bool:
    words = _letters(text).split()
    towns, long_names, large_names = _towns()
    for size in range(1, _MOST_WORDS + 1):
        for start in range(len(words) - size + 1):
            if tuple(words[start : start + size]) in towns:
                alone = size == 1 and words[start] in _ALSO_WORDS
                if not alone or (start > 0 and words[start - 1] in _PLACED):
                    return True
    pairs = {"".join(words[start : start + size]) for size in (2, 3) for start in range(len(words) - size + 1)}
    if pairs & large_names:
        return True
    # a long name inside one word was written without its blanks
    return any(name in word for word in words if len(word) >= _LONG_NAME for name in long_names)


def one_slip(word: str) -> frozenset[str]:
    """Return a word and what is left of it without any one letter: words one slip apart share one of these."""
    return frozenset({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


@lru_cache(maxsize=1)
def _misspelled() -> tuple[dict[str, list[str]], dict[str, list[tuple[str, ...]]]]:
    """Return the first words of towns by what is left of them after a slip, and the towns by their first word."""
    towns: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    firsts: dict[str, list[str]] = defaultdict(list)
    for name in _towns()[0]:
        if sum(map(len, name)) >= _SURE_NAME:
            towns[name[0]].append(name)
    for word in towns:
        for left in one_slip(word):
            firsts[left].append(word)
    return firsts, towns


@lru_cache(maxsize=1024)
def _misspells_a_town(text: str) -> bool:
    """Say whether a town stands in a text with a slip in one or more of its words."""
    words, (firsts, towns) = _letters(text).split(), _misspelled()
    for start, word in enumerate(words):
        for town in (name for left in one_slip(word) for first in firsts.get(left, ()) for name in towns[first]):
            written = words[start : start + len(town)]
            if len(written) == len(town) and all(map(_is_slip_of, written, town)) and tuple(written) != town:
                return True
    return False


def _is_slip_of(word: str, right: str) -> bool:
    if word == right:
        return True
    return word not in _ORDINARY and len(right) >= _LEAST_SLIPPED and not one_slip(word).isdisjoint(one_slip(right))


def approved_names(records: pd.DataFrame) -> frozenset[str]:
    """Return the texts that records let through, as they read."""
    return frozenset(plain_text(text) for text in records.loc[records["may_show"].eq("name"), "scope"])


def narrows_the_place(text: str, *, approved: Collection[str] = frozenset()) -> bool:
    """Say whether a text of a row at area level says more of its place than its area does.

    >>> narrows_the_place("Emergency shelter, 24/7"), narrows_the_place("Example House Olathe")
    (False, True)
    >>> narrows_the_place("Example House Olathe", approved={"example house olathe"})
    False
    """
    plain = plain_text(text)
    if plain in approved:
        return False
    bare = _HARMLESS.sub(" ", plain)
    return (
        text_looks_like_place(text, strict=True)
        or text_looks_like_place(plain, strict=True)
        or any(mark.isdigit() or (mark.isalpha() and "LATIN" not in unicodedata.name(mark, "")) for mark in bare)
        or bool(_WORDS_OF_PLACE.search(plain))
        or _names_a_town(text)
        or _misspells_a_town(text)
    )


def is_telephone(text: str) -> bool:
    """Say whether a text is a telephone number, or several with ; or / between them, and nothing else.

    >>> is_telephone("816-555-0100; (913) 555-0101 x2"), is_telephone("39.05 -94.55")
    (True, False)
    """
    parts = re.split(r"\s*[;/,]\s*|\s+or\s+", plain_text(text).rstrip(";/ "))
    return all(_TELEPHONE.fullmatch(part) for part in parts)
