"""Reads a catalogue file: exact text, then its form, then what it refers to, then the messages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final, get_args

from pospago.billing.v1 import catalog_pb2
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pospago_cli.catalog.document import Document, read_document
from pospago_cli.catalog.faults import CatalogRefused, Flaw, Path, nearest
from pospago_cli.catalog.figures import COMMA, DECIMALS, POINT
from pospago_cli.catalog.file import CatalogFile, Plan
from pospago_cli.catalog.messages import Messages, to_messages
from pospago_cli.catalog.parts import Part

# By pydantic's type of error: what is wrong, and the remedy.
_SAID: Final = {
    "model_type": ("must be a mapping", "Write `key: value` lines below it."),
    "dict_type": ("must be a mapping", "Write `key: value` lines below it."),
    "list_type": ("must be a list", "Write each entry on a line that begins with `- `."),
    "string_type": ("must be one word or text", "Write it on the line of its key."),
}
_PATTERNS: Final = {
    "^[A-Z]{3}$": ("must be a currency of ISO 4217", "Write three capitals, such as USD."),
    "^[a-z0-9][a-z0-9-]{0,62}$": (
        "must be an id",
        "Write up to 63 lower-case letters, digits and hyphens.",
    ),
    "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$": (
        "must be a property of events",
        "Write up to 100 letters, digits, points, hyphens and underscores.",
    ),
    "^[a-z0-9][a-z0-9-]{0,39}$": (
        "must be a code",
        "Write up to 40 lower-case letters, digits and hyphens.",
    ),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A catalogue file that has the right form, with the messages that it makes."""

    document: Document
    file: CatalogFile
    messages: Messages

    def refused(self, flaws: list[Flaw]) -> CatalogRefused:
        """The refusal that tells flaws with their places."""
        return CatalogRefused([self.document.fault(each) for each in flaws])


def read_catalog(path: FilePath) -> catalog_pb2.Catalog:
    """The catalogue in a file.

    Errors:  CatalogRefused if the file has not the right form.
    """
    return load(path).messages.catalog


def load(path: FilePath) -> Loaded:
    """The file with all that it says.

    Errors:  CatalogRefused if the file has not the right form.
    """
    return load_document(read_document(path))


def load_document(document: Document) -> Loaded:
    """What a document says.

    Errors:  CatalogRefused if it has not the right form.
    """
    try:
        file = CatalogFile.model_validate(document.tree)
    except ValidationError as wrong:
        flaws = [_flaw(each) for each in wrong.errors()]
        raise CatalogRefused([document.fault(each) for each in flaws]) from wrong
    flaws = list(_dangling(file))
    if flaws:
        raise CatalogRefused([document.fault(each) for each in flaws])
    return Loaded(document, file, to_messages(file))


def _flaw(error: ErrorDetails) -> Flaw:
    """An error of pydantic as a flaw of the file."""
    path: Path = tuple(step for step in error["loc"] if step != "[key]")
    context = error.get("ctx", {})
    kind = error["type"]
    if kind == "missing":
        return Flaw(path, "is missing", _addition(path))
    if kind in _SAID:
        return Flaw(path, *_SAID[kind])
    if kind == "extra_forbidden":
        return Flaw(path, "is no key that can stand here", _other_key(path))
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", str(context["expected"]))
        said = f"must be {' or '.join(words)}, and {error['input']!r} is none"
        return Flaw(path, said, nearest(str(error["input"]), words))
    if kind == "string_pattern_mismatch" and context["pattern"] in _PATTERNS:
        said, remedy = _PATTERNS[context["pattern"]]
        return Flaw(path, f"{said}, and {error['input']!r} is none", remedy)
    if kind == "less_than_equal":
        return Flaw(path, f"must be at most {context['le']}")
    remedy = POINT if COMMA.fullmatch(str(error["input"])) else ""
    return Flaw(path, error["msg"].removeprefix("Value error, "), remedy)


def _addition(path: Path) -> str:
    """How to add a key that is missing: what it may say, where only some words may stand."""
    key = str(path[-1])
    words = get_args(_part_at(path[:-1]).model_fields[key].annotation)
    if len(words) == 1:
        return f"Add `{key}: {words[0]}`."
    choice = ", ".join(f"`{key}: {each}`" for each in words if isinstance(each, str))
    return f"Add one of {choice}." if choice else "Add it."


def _other_key(path: Path) -> str:
    """What was probably meant by a key that cannot stand there."""
    key = str(path[-1])
    if DECIMALS.fullmatch(key):  # what YAML makes of `flat: 29,90` between braces
        return POINT
    return nearest(key, _part_at(path[:-1]).model_fields)


def _dangling(file: CatalogFile) -> Iterator[Flaw]:
    """Currencies that nothing states, and add-ons that are not there, twice, or not attached."""
    bare = [f"plans.{plan_id}" for plan_id, plan in file.plans.items() if _is_bare(plan, file)]
    if bare and file.currency is None:
        yield Flaw(
            ("currency",),
            f"is missing, and prices of {' and '.join(bare)} state none of their own",
            "Add it at the top, such as `currency: USD`, or to each plan.",
        )
    attached: set[str] = set()
    for plan_id, plan in file.plans.items():
        for place, key in enumerate(plan.add_ons):
            path = ("plans", plan_id, "add_ons", place)
            if key not in file.add_ons:
                yield Flaw(path, f"there is no add-on {key!r}", nearest(key, file.add_ons))
            elif key in plan.add_ons[:place]:
                yield Flaw(path, f"attaches {key!r} twice", "Remove one of them.")
            attached.add(key)
    for key in file.add_ons:
        if key not in attached:
            remedy = f"Add {key!r} to the `add_ons` of a plan, or remove it here."
            yield Flaw(("add_ons", key), "is attached to no plan", remedy)


def _is_bare(plan: Plan, file: CatalogFile) -> bool:
    """Whether a plan leaves the currency of some price to the top of the file."""
    attached = (file.add_ons[key] for key in plan.add_ons if key in file.add_ons)
    return plan.currency is None and any(
        price.currency is None for price in (*plan.prices, *attached)
    )


def _part_at(path: Path) -> type[Part]:
    """The mapping that stands at a path."""
    part: type[Part] = CatalogFile
    for step in path:
        # A step into a list or a mapping by id stays with what these hold.
        if step in part.model_fields:
            part = _part_in(part.model_fields[str(step)].annotation) or part
    return part


def _part_in(annotation: object) -> type[Part] | None:
    """The mapping of the file that an annotation is about: `list[Price]`, `Counting | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    found = (_part_in(each) for each in get_args(annotation))
    return next((each for each in found if each is not None), None)
