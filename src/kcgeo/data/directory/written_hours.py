"""Hours as people write them ("M-F 8-5", "24 hours", "6p-7a nightly"), read into OpenStreetMap syntax, or not at all.

A text is read only where each of its words is understood and where it can mean one thing: what is left over, a day that
is told twice, a time without morning or evening that could be either, makes the hours unknown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

__all__ = ["read_hours"]

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY = (
    r"(?:mondays?|mon|mo|m|tuesdays?|tues|tue|tu|t|wednesdays?|weds?|we|w|thursdays?|thurs?|thu|th|r|fridays?|fri|fr|f"
    r"|saturdays?|sat|sa|sundays?|sun|su)(?![a-z])\.?"
)
_GROUPS = {
    r"week\s?days|business days": "Mo-Fr",
    r"week\s?ends": "Sa-Su",
    r"daily|nightly|every ?day|every night|(?:7|seven) days(?: (?:a|per) week|/week)?|all week": "Mo-Su",
}
_DASH = r"\s*(?:-|to|thru|through|until|till)\s*"
_AND = r"\s*(?:,|&|/|and|,\s*and)\s*"
_DAYS_PART = rf"(?:{'|'.join(_GROUPS)}|{_DAY}(?:{_DASH}{_DAY})?)"
_DAYS = rf"(?P<days>{_DAYS_PART}(?:{_AND}{_DAYS_PART})*)"
_TIME = r"(?:\d{1,2}(?::\d\d|\d\d(?=\s*[ap])|(?<=\d\d)\d\d)?(?:\s*[ap]\.?m?\.?(?![a-z]))?|noon|midnight)"
_SPAN = rf"{_TIME}{_DASH}{_TIME}"
_SPANS = rf"(?P<spans>{_SPAN}(?:{_AND}{_SPAN})*|24\s?(?:hours|hrs|hr|h)|all day)"
_DAY_LIST = _DAYS[len("(?P<days>") : -1]
_OFF = (
    rf"(?P<off2>{_DAY_LIST})\s*:?\s*closed"
    rf"|closed(?: on)? (?:(?P<off>{_DAY_LIST})|(?:all )?(?:public |federal )?(?P<holidays>holidays))"
)
_SEGMENT = re.compile(
    rf"(?:{_DAYS}\s*[:,]?\s*(?:from )?{_SPANS}|{_SPANS.replace('spans', 'spans2')}\s*,?\s*(?:on )?"
    rf"{_DAYS.replace('days>', 'days2>')}|{_OFF}|(?P<except>except (?:public |federal )?holidays)"
    r"|(?:or |and )?(?P<call>by appointment))"
)
_ALWAYS = re.compile(
    r"(?:open )?(?:24\s?/\s?7(?:/365)?|(?:24|twenty-four)[\s-]?(?:hours|hrs|hr|h)(?:(?: (?:a|per) |/| ?)day)?"
    r"(?:[,;/ ]*(?:and )?(?:7|seven) days(?: (?:a|per) week|/week)?|[, ]*daily|[, ]*every ?day)?"
    r"|always open|around the clock)"
)


@lru_cache(maxsize=10_000)
def read_hours(text: str) -> str | None:
    """Return hours as people write them in OpenStreetMap syntax; None where they are not surely understood.

    Parameters
    ----------
    text
        American writing: days and times in any usual form, closed days, "or by appointment".

    Returns
    -------
    str or None
        Spans of different rules are joined by a comma, so that a night that runs into the next day is not cut.

    Examples
    --------
    >>> read_hours("M-F 8-5"), read_hours("open 6p-7a nightly"), read_hours("24 hours")
    ('Mo-Fr 08:00-17:00', 'Mo-Su 18:00-07:00', '24/7')
    >>> read_hours("Mon-Thu 8:30am-noon & 1pm-5pm, Fri 9 to 12; closed holidays")
    'Mo-Th 08:30-12:00,13:00-17:00, Fr 09:00-12:00; PH off'
    >>> read_hours("by appointment"), read_hours("2nd Tuesday 9-5"), read_hours("Mon-Fri 8-10")
    (None, None, None)
    """
    plain = " ".join(re.sub("[‐-―−]", "-", text).casefold().split()).strip(" .;,")
    plain = re.sub(
        r"^(?:(?:office |business |regular )?hours(?: are| of operation)?|hrs|open)\s*:?\s*(?=\S)", "", plain
    )
    if _ALWAYS.fullmatch(plain):
        return "24/7"
    rules, used, at, tail = list[str](), dict[str, list[tuple[int, int]]](), 0, ""
    while at < len(plain):
        found = _SEGMENT.match(plain, at)
        gap = re.compile(r"\s*(?:[.;,()]|\band\b|&)*\s*(?:and )?").match(plain, found.end()) if found else None
        if found is None or gap is None or (gap.end() < len(plain) and gap.group() == ""):
            return None
        at = gap.end()
        if found["call"]:
            tail += ' || "by appointment"'
        elif found["holidays"] or found["except"]:
            tail = "; PH off" + tail
        elif off := found["off"] or found["off2"]:
            if set(_days(off) or ["?"]) & {*used, "?"}:
                return None
        else:
            rule = _rule(found["days"] or found["days2"], found["spans"] or found["spans2"], used)
            if rule is None:
                return None
            rules.append(rule)
    # "9-5, by appointment": an appointment may be needed; only "or by appointment" leaves the hours as they are
    if tail.endswith('"') and not re.search(r"(?:or|and|;)\s*by appointment$", plain):
        return None
    return ", ".join(rules) + tail if rules else None


def _rule(days: str, spans: str, used: dict[str, list[tuple[int, int]]]) -> str | None:
    """Return one rule; None where a time can mean two things or runs into another one of the same day."""
    named = _days(days)
    times = [(0, 1440)] if spans.startswith(("24", "all")) else _times(spans)
    if "night" in days and not re.search("[ap]|:", spans):
        return None
    if not named or times is None:
        return None
    for day in dict.fromkeys(named):
        for begin, end in times:
            until = end if end > begin else end + 1440
            if any(begin < other_end and other_begin < until for other_begin, other_end in used.get(day, [])):
                return None
            used.setdefault(day, []).append((begin, until))
    written = ",".join(f"{begin // 60:02d}:{begin % 60:02d}-{end // 60:02d}:{end % 60:02d}" for begin, end in times)
    return f"{_written_days(named)} {written}"


def _days(text: str) -> list[str] | None:
    """Return the days of a list such as "mon-wed, fri"; None where a range runs nowhere."""
    found: list[str] = []
    for part in re.split(_AND, text):
        group = next((days for words, days in _GROUPS.items() if re.fullmatch(words, part.strip())), None)
        ends = group.split("-") if group else [_day(name) for name in re.findall(_DAY, part)]
        begin, end = DAYS.index(ends[0]), DAYS.index(ends[-1])
        if len(ends) > 1 and begin == end:
            return None
        found += [DAYS[(begin + step) % 7] for step in range((end - begin) % 7 + 1)]
    return found if len(set(found)) == len(found) else None


def _day(name: str) -> str:
    if name.startswith("r"):
        return "Th"
    two = name.strip(". ")[:2].capitalize()
    return two if two in DAYS else {"M": "Mo", "T": "Tu", "W": "We", "F": "Fr"}[two[:1]]


def _written_days(days: list[str]) -> str:
    at = [DAYS.index(day) for day in days]
    in_a_row = all((b - a) % 7 == 1 for a, b in pairwise(at))
    return f"{days[0]}-{days[-1]}" if len(days) > 2 and in_a_row else ",".join(days)


def _times(spans: str) -> list[tuple[int, int]] | None:
    """Return begin and end of each span in minutes after midnight; None where one could be morning or evening."""
    found: list[tuple[int, int]] = []
    for one, other in re.findall(rf"({_TIME}){_DASH}({_TIME})", spans):
        span = _span(one.strip(), other.strip(), found[-1][1] if found else None)
        if span is None:
            return None
        found.append(span)
    return found


def _span(one: str, other: str, after: int | None) -> tuple[int, int] | None:
    (begin, mark), (end, end_mark) = _clock(one), _clock(other)
    if begin is None or end is None:
        return None
    if "24" in (mark, end_mark) or end > 780 or begin > 780:  # a clock of 24 hours
        return (begin, end) if not {mark, end_mark} & {"a", "p"} and begin != end else None
    if not mark and not end_mark:
        if after is not None and begin < after:  # "8-12, 1-5": the afternoon goes on
            return (begin + 720, end + 720) if begin < end and after <= begin + 720 and end <= 480 else None
        # office hours: from the morning (7 to 11) to noon, or to the afternoon; "7-7" may be a night
        morning = 420 <= begin < 720
        return (begin, end if end >= 720 else end + 720) if morning and (end < begin or end >= 720) else None
    if (not mark and (end, end_mark) == (720, "a")) or (not end_mark and (begin, mark) == (720, "a")):
        return None  # some write 12 a.m. for noon
    if not mark:
        mark = end_mark if begin % 720 < end % 720 else ("a" if end_mark == "p" else "p")
    elif not end_mark:
        end_mark = mark if end % 720 > begin % 720 else ("p" if mark == "a" else "a")
    begin, end = (value % 720 + (720 if half == "p" else 0) for value, half in ((begin, mark), (end, end_mark)))
    if begin == end:
        return None
    return begin, end or 1440


def _clock(text: str) -> tuple[int | None, str]:
    """Return minutes on the face of the clock, and "a", "p", "24" (a clock of 24 hours) or "" beside them."""
    if text in ("noon", "midnight"):
        return 0, "p" if text == "noon" else "a"
    digits, half = re.match(r"([\d:]+)\s*([ap]?)", text).groups()  # type: ignore[union-attr]
    hour, minute = (
        digits.split(":") if ":" in digits else (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    )
    hours, minutes = int(hour), int(minute)
    if minutes > 59 or hours > 24 or (half and not 1 <= hours <= 12):
        return None, half
    military = not half and (hour.startswith("0") or hours > 12)
    return hours * 60 + minutes, half or ("24" if military else "")
