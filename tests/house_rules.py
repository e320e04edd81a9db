"""The rules of the house that no linter knows: each takes a parsed file and gives its faults."""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FUNCTION_LINES_MAX: Final = 70
FILE_LINES_MAX: Final = 400
VAGUE_NAMES: Final = frozenset({"utils", "helpers", "common", "misc", "base", "manager"})
# What the standard library offers that reads or changes the world, or differs on each call.
IMPURE_MODULES: Final = frozenset(
    "asyncio ctypes http io logging multiprocessing os pathlib random secrets shutil signal socket"
    " sqlite3 ssl subprocess sys tempfile threading time urllib uuid".split()
)
BARE_NOQA: Final = re.compile(r"#\s*noqa\b(?!:\s*[A-Z]+[0-9]+)", re.IGNORECASE)
BARE_TYPE_IGNORE: Final = re.compile(r"#\s*type:\s*ignore\b(?!\[[a-z-]+)")
NEXT_SENTENCE: Final = re.compile(r"[.!?]\s+(?=[A-Z])")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """A file of ours: its path inside the repository, its text, its syntax tree."""

    path: Path
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, path: str | Path, text: str) -> "Source":
        """Parse a text as the file at `path`."""
        return cls(path=Path(path), text=text, tree=ast.parse(text))

    def fault(self, line: int, words: str) -> str:
        """A fault as an editor can open it."""
        return f"{self.path}:{line}: {words}"

    @property
    def in_domain(self) -> bool:
        """Whether the file belongs to a service's domain."""
        return "domain" in self.path.parts[1:]

    @property
    def is_migration(self) -> bool:
        """Whether the file is a migration, whose `upgrade` and `downgrade` are known."""
        return "migrations" in self.path.parts


Rule = Callable[[Source], Iterator[str]]


def vague_names(source: Source) -> Iterator[str]:
    """No module is called by a word that fits every module."""
    for name in {*source.path.parts[:-1], source.path.stem} & VAGUE_NAMES:
        yield source.fault(1, f"`{name}` says nothing; name the noun")


def long_files(source: Source) -> Iterator[str]:
    """No file is too long to know."""
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield source.fault(1, f"{lines} lines, at most {FILE_LINES_MAX}")


def long_functions(source: Source) -> Iterator[str]:
    """No function is too long to see at once."""
    for node in ast.walk(source.tree):
        if isinstance(node, FunctionNode) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield source.fault(node.lineno, f"`{node.name}` has {lines} lines")


def floats_in_domain(source: Source) -> Iterator[str]:
    """Money, quantities and rates never pass through a float."""
    if not source.in_domain:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield source.fault(node.lineno, f"float literal {node.value}")
        if isinstance(node, ast.Name) and node.id == "float":
            yield source.fault(node.lineno, "float in a domain")


def impure_domain(source: Source) -> Iterator[str]:
    """A domain imports the pure part of the standard library, itself and `chassis.errors`."""
    if not source.in_domain:
        return
    own = f"{source.path.parts[0]}.domain"
    for line, module in _imported_modules(source.tree):
        root = module.partition(".")[0]
        pure = root in sys.stdlib_module_names and root not in IMPURE_MODULES
        ours = module == own or module.startswith(f"{own}.") or module == "chassis.errors"
        if not pure and not ours:
            yield source.fault(line, f"a domain imports `{module}`")


def commits_outside_chassis(source: Source) -> Iterator[str]:
    """Only the chassis decides when a transaction ends."""
    if source.path.parts[0] == "chassis":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr == "commit":
            yield source.fault(node.lineno, "`.commit` belongs to the chassis")


def undocumented(source: Source) -> Iterator[str]:
    """Every public module, class and function says what it gives."""
    if ast.get_docstring(source.tree) is None:
        yield source.fault(1, "module without a docstring")
    if not source.is_migration:
        yield from _undocumented_members(source, source.tree)


def _undocumented_members(source: Source, parent: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in parent.body:
        if not isinstance(node, FunctionNode | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and not _repeats_another(node):
            yield source.fault(node.lineno, f"`{node.name}` without a docstring")
        if isinstance(node, ast.ClassDef):
            yield from _undocumented_members(source, node)


def _repeats_another(node: FunctionNode | ast.ClassDef) -> bool:
    """Whether a decorator says that the documentation stands elsewhere: overloads, setters."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"overload", "override", "setter"})


def untold_tests(source: Source) -> Iterator[str]:
    """Every test says in one sentence what is true."""
    for node in ast.walk(source.tree):
        if not isinstance(node, FunctionNode) or not node.name.startswith("test_"):
            continue
        told = ast.get_docstring(node) or ""
        if not told.endswith(".") or NEXT_SENTENCE.search(told):
            yield source.fault(node.lineno, f"`{node.name}`: one sentence says what is true")


def silenced_without_code(source: Source) -> Iterator[str]:
    """Each `noqa` and `type: ignore` names what it silences."""
    if not BARE_NOQA.search(source.text) and not BARE_TYPE_IGNORE.search(source.text):
        return
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and (
            BARE_NOQA.search(token.string) or BARE_TYPE_IGNORE.search(token.string)
        ):
            yield source.fault(token.start[0], f"names no code: {token.string}")


def declared_reasons(source: Source) -> Iterator[tuple[str, str]]:
    """Each `(place, reason)` that a class of failures declares as its `reason`."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for statement in node.body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id="reason")], value=ast.Constant(value=value))
                    | ast.AnnAssign(target=ast.Name(id="reason"), value=ast.Constant(value=value))
                ) if isinstance(value, str):
                    yield source.fault(statement.lineno, node.name), value


def _imported_modules(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each module imported anywhere in a file, `from a import b` counting as `a`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            # `from chassis import errors` is an import of `chassis.errors`.
            bare = module in {"chassis", "billing_service", "provisioning_service"}
            names = [f"{module}.{alias.name}" for alias in node.names] if bare else [module]
            yield from ((node.lineno, name) for name in names)
