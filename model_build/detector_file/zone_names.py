"""Time zone names that a detector file accepts, with a suggestion for any other name."""

from __future__ import annotations

from collections.abc import Collection

from tollgate.errors import suggest

# Short names that people and programs write, and a place whose clocks they mean.
_PLACES = {
    "Europe/Berlin": ("MEZ", "MESZ", "CET", "CEST", "MET", "MEST"),
    "Europe/London": ("BST", "GB"),
    "Europe/Lisbon": ("WET", "WEST", "Portugal"),
    "Europe/Athens": ("EET", "EEST"),
    "Europe/Moscow": ("MSK",),
    "America/New_York": ("EST", "EDT", "ET", "EST5EDT", "Eastern"),
    "America/Chicago": ("CDT", "CT", "CST6CDT", "Central"),
    "America/Denver": ("MST", "MDT", "MT", "MST7MDT", "Mountain"),
    "America/Los_Angeles": ("PST", "PDT", "PT", "PST8PDT", "Pacific"),
    "America/Sao_Paulo": ("BRT", "BRST"),
    "Asia/Tokyo": ("JST", "Japan"),
    "Asia/Seoul": ("KST", "ROK"),
    "Asia/Shanghai": ("PRC", "China"),
    "Asia/Singapore": ("SGT",),
    "Asia/Kolkata": ("IST", "India"),
    "Australia/Sydney": ("AEST", "AEDT", "AET"),
}
_SHORT = {short.lower(): place for place, names in _PLACES.items() for short in names}
_UTC = ("utc", "gmt", "z", "zulu", "utc+0", "gmt+0", "+00:00", "etc/utc", "uct")


def is_place(zone: str) -> bool:
    """Return whether the name of a zone is that of a place: others, such as EST, may mean one offset all year."""
    return "/" in zone


def suggest_zone(name: str, known: Collection[str]) -> str:
    """Return `` (did you mean "x"?)`` for the zone that ``name`` likely means and that is taken, or an empty string."""
    lower = name.strip().lower().replace(" ", "_")
    if lower in _UTC:
        return suggest("UTC", ["UTC"])
    places = sorted(filter(is_place, known))
    # "Etc/GMT+1" and the like are offsets, with the sign the other way round.
    regions = [place for place in places if not place.startswith(("Etc/", "SystemV/", "posix/", "right/"))]
    short = _SHORT.get(lower)
    cities = [place for place in regions if place.rpartition("/")[2].lower() == lower]
    if short in known or cities:
        return f' (did you mean "{short if short in known else cities[0]}"?)'
    return suggest(name, regions) if is_place(name) else ""
