"""What the contract says of a catalogue's messages, said of the file: paths, lines, terms."""

import re
from collections.abc import Iterable
from typing import Final

from chassis.errors import FieldViolation
from pospago_cli.catalog.faults import CatalogRefused, Flaw, Path, nearest
from pospago_cli.catalog.loading import Loaded

PREFIX: Final = "catalog."
# A meter that stands in the way is told by its name.
METER: Final = "meters/"


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
    if remedy := _remedy(written, loaded):
        return Flaw(path, text, remedy)
    said, _, remedy = text.partition(": ")
    return Flaw(path, said, remedy and f"{remedy[0].upper()}{remedy[1:]}.")


def _remedy(path: Path, loaded: Loaded) -> str:
    """What to do in the file about a value that is wrong, where its text does not say so."""
    match path:
        case (*_, "up_to"):
            return "Let bounds rise from one to the next, and leave out the last one."
        case ("add_ons", _, "currency"):
            return "Give it the currency of its plan, or the plan a price in this one."
        case (*_, "per"):
            return "Name a licensed price of the plan that includes nothing per unit of this one."
        case (*_, "metered"):
            near = nearest(loaded.document.text_at(path), loaded.file.meters)
            return f"Add it to `meters`, or check the name. {near}"
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
