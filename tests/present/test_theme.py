"""The theme is applied to our figures only, and its ramp and words cover what the tables can hold."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from kcgeo import data
from kcgeo.disclosure.contracts import CATEGORIES
from kcgeo.errors import TableError
from kcgeo.present.look import theme, words


def test_users_settings_come_back() -> None:
    before = dict(mpl.rcParams)
    with theme.applied():
        assert mpl.rcParams["svg.fonttype"] == "none"
        assert mpl.rcParams["pdf.fonttype"] == 42
    assert dict(mpl.rcParams) == before


def test_users_settings_do_not_leak_in() -> None:
    with mpl.rc_context({"font.size": 33, "lines.linewidth": 9}), theme.applied():
        assert mpl.rcParams["font.size"] == theme.TEXT_PT["body"]
        assert mpl.rcParams["lines.linewidth"] == mpl.rcParamsDefault["lines.linewidth"]


def test_no_text_is_smaller_than_14_px_on_a_slide_1280_wide() -> None:
    px_per_pt = 1280 / (theme.PAGE_IN[0] * 72)
    assert min(theme.TEXT_PT.values()) * px_per_pt >= 14


@pytest.mark.parametrize("count", [0, 5])
def test_ramp_refuses_more_classes_than_can_be_told_apart(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 4 classes"):
        theme.ramp(count)


def test_ramp_keeps_order() -> None:
    for count in range(1, 5):
        picks = [theme.RAMP.index(colour) for colour in theme.ramp(count)]
        assert picks == sorted(picks)
        assert len(set(picks)) == count


def test_every_category_has_a_family_and_words() -> None:
    assert sorted(category for family in theme.FAMILIES for category in family.categories) == sorted(CATEGORIES)
    assert sorted(words.CATEGORY) == sorted(CATEGORIES)


def test_unknown_category_is_named() -> None:
    with pytest.raises(TableError, match="'shelter' is not a service category"):
        words.category_label("shelter")


@pytest.mark.parametrize(
    ("share", "long", "short", "of_hundred"),
    [
        (0.0, "0%", "0", "0 of 100"),
        (0.001, "under 1%", "<1", "1 of 100"),
        (0.5, "50%", "50", "50 of 100"),
        (0.999, "99%", ">99", "99 of 100"),
        (1.0, "100%", "100", "100 of 100"),
    ],
)
def test_shares_never_round_to_all_or_none(share: float, long: str, short: str, of_hundred: str) -> None:
    assert words.percent(share) == long
    assert words.short_percent(share) == short
    assert words.one_in(share) == of_hundred


def test_hotline_is_the_one_of_the_directory() -> None:
    listed = data.services().set_index("service_id").loc["svc-nhth-01", "phone"]
    number = words.phone_pieces(words.HOTLINE)[1][1]
    assert words.phone_pieces(listed)[0][1] == number


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("(913) 676-2152", ["9136762152"]),
        ("816-531-0233 (MO); 913-642-0233 (KS)", ["8165310233", "9136420233"]),
        ("1-888-373-7888; text 233733 (BEFREE/HELP/INFO)", ["18883737888"]),
        ("816-468-5463 (816-HOTLINE)", ["8164685463"]),
        ("211", ["211"]),
        ("", []),
    ],
)
def test_only_whole_numbers_are_called(text: str, numbers: list[str]) -> None:
    pieces = words.phone_pieces(text)
    assert [number for _, number in pieces if number] == numbers
    assert "".join(piece for piece, _ in pieces) == text
