"""A YAML file as exact text, with the line of each value.

Shapes:  mappings, lists and texts; no scalar is resolved, so `0.10` stays what was written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final, TypeAlias

import yaml

from pospago_cli.catalog.faults import CatalogFault, CatalogRefused, Flaw, Path, field_of

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str"

# Nobody writes this by hand; it keeps a mistaken file from eating memory.
BYTES_MAX: Final = 5_000_000
DEPTH_MAX: Final = 30

# What the contract calls differently from the file.
ALIASES: Final = {
    "value_property": "property",
    "event_name": "event",
    "interval_unit": "interval",
    "interval_count": "interval",
    "discount_percent": "discount",
    "discount_amount": "discount",
    "allowance": "included",
    "price": "per",
}
# What the contract keeps in a message of its own and the file does not.
UNWRITTEN: Final = {"add_on", "schedule"}


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: what it says, and where."""

    file: str
    root: yaml.Node
    tree: Tree

    def fault(self, flaw: Flaw) -> CatalogFault:
        """The flaw with its line and its field."""
        line, path = self.locate(flaw.path)
        return CatalogFault(self.file, line, field_of(path), flaw.text, flaw.remedy)

    def locate(self, path: Path) -> tuple[int, Path]:
        """The line of a value, and the path by which the file calls it.

        A step that the file does not have, since it writes the value shorter, is left out; a last
        step that it lacks is kept, since that is what is missing.
        """
        node, mark, found = self.root, self.root.start_mark, list[str | int]()
        for place, step in enumerate(path):
            for name in (step, ALIASES.get(str(step), step)):
                if (child := _child(node, name)) is not None:
                    mark, node = child
                    found.append(name)
                    break
            else:
                is_last = place == len(path) - 1 and step not in UNWRITTEN
                if is_last and isinstance(node, yaml.MappingNode):
                    found.append(ALIASES.get(str(step), step))
        return mark.line + 1, tuple(found)

    def text_at(self, path: Path) -> str:
        """The text at a path; empty where there is none."""
        node: yaml.Node | None = self.root
        for step in path:
            found = None if node is None else _child(node, step)
            node = None if found is None else found[1]
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def read_document(path: FilePath) -> Document:
    """The document in a file.

    Errors:  CatalogRefused if it cannot be read, is no YAML, or says something twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise CatalogRefused([CatalogFault(str(path), 1, "", str(unreadable))]) from unreadable
    return parse(str(path), text)


def parse(file: str, text: str) -> Document:
    """The document in a text; `file` is what faults call it."""
    if len(text) > BYTES_MAX:
        raise CatalogRefused([CatalogFault(file, 1, "", f"is longer than {BYTES_MAX} characters")])
    try:
        # Composing alone constructs no object, whatever tags the file may carry.
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                said = f"refers to &{event.anchor}"
                raise CatalogRefused(
                    [
                        _at(
                            file,
                            event.start_mark.line if event.start_mark else 0,
                            said,
                            "Write it out.",
                        )
                    ]
                )
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        said = f"is no YAML: {wrong.problem or wrong.context}"
        raise CatalogRefused([_at(file, mark.line if mark else 0, said)]) from wrong
    except (yaml.YAMLError, RecursionError) as wrong:
        raise CatalogRefused([CatalogFault(file, 1, "", f"is no YAML: {wrong}")]) from wrong
    if root is None:
        remedy = "Begin with `catalog: 1`; examples/catalogs/integrator.yaml is a short one."
        raise CatalogRefused([CatalogFault(file, 1, "", "is empty", remedy)])
    document = Document(file, root, "")
    flaws = list(_flaws(root, ()))
    if flaws:
        raise CatalogRefused([document.fault(each) for each in flaws])
    return Document(file, root, _tree(root))


def _at(file: str, lines_before: int, text: str, remedy: str = "") -> CatalogFault:
    return CatalogFault(file, lines_before + 1, "", text, remedy)


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    """Where a step leads: the mark to tell, and the value."""
    if isinstance(node, yaml.MappingNode) and isinstance(step, str):
        for key, value in reversed(node.value):
            if key.value == step:
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None


def _flaws(node: yaml.Node, path: Path) -> Iterator[Flaw]:
    """Keys that come twice or are no text, and what is nested too deeply."""
    if len(path) > DEPTH_MAX:
        yield Flaw(path, f"is nested more than {DEPTH_MAX} deep")
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _flaws(value, (*path, place))
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                yield Flaw(path, f"has a key that is no text, in line {key.start_mark.line + 1}")
                continue
            if key.value in first:
                said = f"is there twice, first in line {first[key.value]}"
                yield Flaw((*path, key.value), said, "Remove or rename one of them.")
            first.setdefault(key.value, key.start_mark.line + 1)
            yield from _flaws(value, (*path, key.value))


def _tree(node: yaml.Node) -> Tree:
    match node:
        case yaml.MappingNode():
            return {key.value: _tree(value) for key, value in node.value}
        case yaml.SequenceNode():
            return [_tree(value) for value in node.value]
        case _:
            return str(node.value)
