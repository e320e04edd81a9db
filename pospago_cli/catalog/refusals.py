"""What the contract says of a catalogue's messages, said of the file: paths, lines, terms."""

import re
from collections.abc import Iterable

from chassis.errors import FieldViolation
from pospago_cli.catalog.faults import CatalogRefused, Flaw, Path
from pospago_cli.catalog.loading import Loaded

PREFIX = "catalog."


def is_of_catalog(field: str) -> bool:
    """Whether a field of a request lies in its catalogue."""
    return field.startswith(PREFIX)


def refused(loaded: Loaded, violations: Iterable[FieldViolation]) -> CatalogRefused:
    """The refusal of a file whose messages have these faults."""
    return loaded.refused(
        [_flaw(each.field, each.description, loaded) for each in dict.fromkeys(violations)]
    )


def _flaw(field: str, text: str, loaded: Loaded) -> Flaw:
    said, _, remedy = text.partition(": ")
    return Flaw(source_of(field, loaded), said, remedy and f"{remedy[0].upper()}{remedy[1:]}.")


def source_of(field: str, loaded: Loaded) -> Path:
    """Where in the file a field of the request came from.

    `catalog.plans[0].versions[0].prices[2].flat.amount` came from the third price of the first
    plan, or from an add-on that the plan attaches.
    """
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
