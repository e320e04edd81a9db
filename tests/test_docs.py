"""What the documents say is so: their commands are run, their names and tables are compared.

The commands of each document run in order, in one shell, against the suite that `make run` started
at the beginning and Ctrl-C ends. Two are not what they seem, because they would not come to an end
here: `make run` is that suite already, and of `make test` only the recipe is expanded.
"""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pospago_cli.__main__ import pospago
from tests import docs_reasons, docs_settings
from tests.docs_playing import Newcomer, newcomer
from tests.docs_reading import (
    ROOT,
    all_pages,
    documents,
    enforcing_tests,
    named_paths,
    spoken_commands,
    steps,
)

# A page may name a file as it is called inside a package.
PACKAGES = ("billing_service", "chassis", "gateway", "pospago_cli", "provisioning_service")
WITH_STEPS = [path for path in documents() if steps(path)]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """Someone who reads all documents, the README first."""
    with newcomer(tmp_path_factory.mktemp("newcomer")) as someone:
        yield someone


@pytest.mark.parametrize("document", WITH_STEPS, ids=lambda path: path.name)
def test_what_a_document_says_to_do_does_what_it_says(document: Path, reader: Newcomer) -> None:
    """Each command ends as told, and prints what is shown, save times, ids and secrets."""
    for step in steps(document):
        assert reader.does(step) == ""


@pytest.mark.parametrize("page", all_pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    """Each file, folder and link of a page is there, seen from the root, its package or itself."""
    places = (ROOT, page.parent, *(ROOT / name for name in PACKAGES))
    missing = [
        name for name in named_paths(page) if not any((each / name).exists() for each in places)
    ]
    assert missing == []


def test_each_decision_is_enforced_by_tests_that_exist() -> None:
    """Each record names test files, and each of them is there."""
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    found = {
        record.name: [(ROOT / name).is_file() for name in enforcing_tests(record)]
        for record in records
    }
    assert {name: told for name, told in found.items() if not told or not all(told)} == {}


def test_the_reasons_are_those_of_the_contract() -> None:
    """The tables of reasons are what `python -m tests.docs_reasons` prints."""
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert text[text.index("### `pospago`") :] == "\n".join(docs_reasons.tables())


def test_the_settings_are_those_that_are_read() -> None:
    """Each variable that a process reads is in the tables, and no other."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert docs_settings.told_by(text) == docs_settings.read_by_processes()


def test_the_readme_names_each_command() -> None:
    """The table of commands has all of them, and no other."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("| `pospago …` |")[2].partition("\n\n")[0]
    named = {cell for row in table.splitlines() for cell in row.split("|")[1:2]}
    told = {name.strip(" `") for cell in named for name in cell.split(",")} - {"---", ""}
    assert told == set(pospago.list_commands(click.Context(pospago)))


@pytest.mark.parametrize("page", all_pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_each_command_that_a_page_speaks_of_exists(page: Path) -> None:
    """`pospago noun verb` in running text is a command."""
    assert [words for words in spoken_commands(page) if not _is_command(words)] == []


def _is_command(words: list[str]) -> bool:
    command: click.Command | None = pospago
    while words and isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
    return command is not None
