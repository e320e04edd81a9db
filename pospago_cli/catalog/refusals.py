"""What the contract says of a catalogue's messages, said of the file: paths, lines, words."""

import re
from collections.abc import Iterable
from typing import Final

from chassis.errors import FieldViolation
from pospago_cli.catalog.document import ALIASES
from pospago_cli.catalog.faults import CatalogRefused, Flaw, Path, nearest
from pospago_cli.catalog.loading import Loaded

PREFIX: Final = "catalog."
# A meter that stands in the way is told by its name.
METER: Final = "meters/"
# The one field beside the catalogue that depends on it: which version it must come after.
EFFECTIVE_TIME: Final = "effective_time"
_COLLECTIONS: Final = {"plans": "plans", "taxProfiles": "tax_profiles"}
_VERSIONED: Final = re.compile(r"\b(plans|taxProfiles)/([a-z0-9-]+)")
_UNKNOWN_METER: Final = re.compile(r"meters/([a-z0-9-]+) is not known")
_ITEM: Final = re.compile(r"([a-z0-9-]+), band (\d+), ([A-Z]{3})\b")
_FIELDS: Final = re.compile(r"[a-z]+(_[a-z]+)+")
_AGGREGATIONS: Final = re.compile(r"COUNT|SUM|MAX|LATEST|UNIQUE_COUNT|WEIGHTED_SUM")


def is_of_catalog(field: str) -> bool:
    """Whether a field of a request lies in its catalogue, or depends on something in it."""
    return field.startswith((PREFIX, METER)) or field == EFFECTIVE_TIME


def refused(loaded: Loaded, violations: Iterable[FieldViolation]) -> CatalogRefused:
    """The refusal of a file whose messages have these faults."""
    return loaded.refused(
        [_flaw(each.field, each.description, loaded) for each in dict.fromkeys(violations)]
    )


def _flaw(field: str, text: str, loaded: Loaded) -> Flaw:
    if field == EFFECTIVE_TIME:
        return _of_time(text)
    path = source_of(field, loaded)
    _, written = loaded.document.locate(path)
    text = _in_words_of_file(text, written)
    if unknown := _UNKNOWN_METER.match(text):
        return _unknown_meter(path, unknown[1], loaded)
    if remedy := _remedy(written, text):
        return Flaw(path, text, remedy)
    return _parted(path, text)


def _parted(path: Path, text: str) -> Flaw:
    """The flaw of a text that tells its own remedy behind a colon."""
    said, _, remedy = text.partition(": ")
    return Flaw(path, said, remedy and f"{remedy[0].upper()}{remedy[1:].rstrip('.')}.")


def _of_time(text: str) -> Flaw:
    """A time at which a further version cannot take force, told of what gets the version."""
    named = _VERSIONED.search(text)
    path = (_COLLECTIONS[named[1]], named[2]) if named else ()
    return _parted(path, f"--effective {text}")


def _unknown_meter(path: Path, meter: str, loaded: Loaded) -> Flaw:
    near = nearest(meter, loaded.file.meters) if loaded.file.meters else ""
    return Flaw(
        path,
        f"meter {meter!r} is not in this file, and a file names each meter that it uses",
        f"Add it to `meters`, also if it is stored, or check the name. {near}".rstrip(),
    )


def _in_words_of_file(text: str, path: Path) -> str:
    """A text of the contract with the keys and values that the file has."""
    if path[:1] == ("meters",):
        text = _AGGREGATIONS.sub(lambda found: f"`{found[0].lower()}`", text)
    text = _ITEM.sub(_item, text)
    return _FIELDS.sub(lambda found: ALIASES.get(found[0], found[0]), text)


def _item(named: re.Match[str]) -> str:
    code, band, currency = named.groups()
    return f"{code} in {currency}" + (f" for band {band}" if band != "0" else "")


def _remedy(path: Path, text: str) -> str:
    """What to do in the file about a value that is wrong, where its text does not say so."""
    match path:
        case ("plans", _, "prices") if "priced before" in text:
            return (
                "Keep it; to charge nothing for it, price it at 0; to be rid of its line, "
                "write a new plan without it."
            )
        case (*_, "instalments") if months := re.search(r"the (\d+) months", text):
            parts = (each for each in range(1, int(months[1]) + 1) if int(months[1]) % each == 0)
            return f"It may be one of {', '.join(map(str, parts))}."
        case (*_, "up_to"):
            return "Let bounds rise from one to the next, and leave out the last one."
        case ("add_ons", _, "currency"):
            return "Give it the currency of its plan, or the plan a price in this one."
        case (*_, "per"):
            return "Name a licensed price of the plan that includes nothing per unit of this one."
    return ""


def source_of(field: str, loaded: Loaded) -> Path:
    """Where in the file a field of the request came from.

    `catalog.plans[0].versions[0].prices[2].flat.amount` came from the third price of the first
    plan, or from an add-on that the plan attaches.
    """
    if field.startswith(METER):
        return ("meters", field.removeprefix(METER))
    inner = field.removeprefix(PREFIX)
    sources = loaded.messages.sources
    # The longest known beginning tells most.
    for known in sorted(sources, key=len, reverse=True):
        if inner == known or inner.startswith((f"{known}.", f"{known}[")):
            return (*sources[known], *_steps(inner.removeprefix(known)))
    return _steps(inner)


def _steps(field: str) -> Path:
    """The steps of a path: names, and places in lists."""
    found = re.findall(r"([a-z_]+)|\[(\d+)\]", field)
    return tuple(name or int(place) for name, place in found)
