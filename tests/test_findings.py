"""Findings: what is said carries the number and the parameters it was computed with."""

from __future__ import annotations

import math
import pickle
import re

import pytest

from kcgeo.errors import KcgeoError
from kcgeo.findings import LANGUAGES, Finding, sentences, written


def test_every_sentence_stands_in_every_language_with_the_same_fields() -> None:
    for key, forms in sentences().items():
        for form, texts in forms.items():
            assert set(texts) == set(LANGUAGES), f"{key}.{form}"
            fields = {language: sorted(set(re.findall(r"\{([a-z_]+)", text))) for language, text in texts.items()}
            assert len({tuple(names) for names in fields.values()}) == 1, f"{key}.{form}: {fields}"


def test_a_sentence_follows_its_parameters() -> None:
    lack = Finding("lack_any", 404_600, of=2_304_806, about={"cutoff_min": 30, "kinds_count": 6, "area": "the metro"})
    later = Finding("lack_any", 404_600, of=2_304_806, about={"cutoff_min": 45, "kinds_count": 6, "area": "the metro"})
    assert "30 minutes" in lack.say() and "45 minutes" in later.say()
    assert "400,000" in lack.say() and "(18%)" in lack.say()
    assert "45 minutos" in later.say(language="es")
    assert pickle.loads(pickle.dumps(lack)) == lack


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(KcgeoError, match=r"no sentence 'nothing\.title\.en'"):
        Finding("nothing", 1).say()
    with pytest.raises(KcgeoError, match="cannot fill its sentence 'title': 'cutoff_min'"):
        Finding("lack_any", 1, of=2, about={"kinds_count": 6, "area": "x"}).say()
    with pytest.raises(KcgeoError, match="say that it is unknown"):
        Finding("lack_any", math.nan, of=2, about={"cutoff_min": 30, "kinds_count": 6, "area": "x"}).say()


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (0.002, "percent", "under 1%"),
        (1.0, "percent", "100%"),
        (321, "people", "320"),
        (1, "one_in", "100 of 100"),
        (0.9999, "one_in", "99 of 100"),
        (62.44, "minutes", "62.4"),
        (["legal help"], "list", "legal help"),
        (["a", "b", "c"], "list", "a, b, and c"),
    ],
)
def test_numbers_are_written_one_way(value: object, style: str, text: str) -> None:
    assert written(value, style) == text
