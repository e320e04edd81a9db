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
_WORDS: Final = {**ALIASES, "effective_time": "--effective"}
_UNKNOWN_METER: Final = re.compile(r"meters/([a-z0-9-]+) is not known")
_FIELDS: Final = re.compile(r"[a-z]+(_[a-z]+)+")
_AGGREGATIONS: Final = re.compile(r"COUNT|SUM|MAX|LATEST|UNIQUE_COUNT|WEIGHTED_SUM")


def is_of_catalog(field: str) -> bool:
    """Whether a field of a request lies in its catalogue, or is the name of something in it."""
    return field.startswith((PREFIX, METER))


def refused(loaded: Loaded, violations: Iterable[FieldViolation]) -> CatalogRefused:
    """The refusal of a file whose messages have these faults."""
    return loaded.refused(
        [_flaw(each.field, each.description, loaded) for each in dict.fromkeys(violations)]
    )


def _flaw(field: str, text: str, loaded: Loaded) -> Flaw:
    path = source_of(field, loaded)
    _, written = loaded.document.locate(path)
    text = _in_words_of_file(text, written)
    if unknown := _UNKNOWN_METER.match(text):
        return _unknown_meter(path, unknown[1], loaded)
    if remedy := _remedy(written, text):
        return Flaw(path, text, remedy)
    said, _, remedy = text.partition(": ")  # the text tells its own remedy
    return Flaw(path, said, remedy and f"{remedy[0].upper()}{remedy[1:].rstrip('.')}.")


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
    return _FIELDS.sub(lambda found: _WORDS.get(found[0], found[0]), text)


def _remedy(path: Path, text: str) -> str:
    """What to do in the file about a value that is wrong, where its text does not say so."""
    match path:
        case (*_, "instalments") if months := re.search(r"the (\d+) months", text):
            parts = (each for each in range(1, int(months[1]) + 1) if int(months[1]) % each == 0)
            return f"It may be one of {', '.join(map(str, parts))}."
        case (*_, "up_to"):
            return "Let bounds rise from one to the next, and leave out the last one."
        case ("add_ons", _, "currency"):
            return "Give it the currency of its plan, or the plan a price in this one."
        case (*_, "dimension") if "PER_UNIT" in text:
            return "Say `pooled: false`, or leave it out."
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
