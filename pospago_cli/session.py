"""What every command shares: where to call, as whom, and how to print the answer."""

import os
import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import grpc
from google.protobuf.message import Message
from rich.console import Console

from pospago_cli import tables
from pospago_cli.client import Connection
from pospago_cli.failures import CommandFailed

DEFAULT_ADDRESS: Final = "localhost:8080"
DEFAULT_DATA_DIR: Final = "data"
OPERATOR_FILE: Final = "operator.token"
LIST_LIMIT: Final = 100
PAGE_SIZE_MAX: Final = 1000
FILE_WIDTH: Final = 240
SENTENCE_MAX: Final = 200

S = TypeVar("S")
F = TypeVar("F", bound=Callable[..., Any])


def _console() -> Console:
    """Where answers go: as wide as the terminal, or as wide as a file may need."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)


@dataclass(slots=True)
class Session:
    """One run of the command: its options, its connection, its output."""

    address: str | None = None
    token: str | None = None
    data_folder: str | None = None
    as_json: bool = False
    console: Console = field(default_factory=_console)
    errors: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    _connection: Connection | None = None

    @property
    def data_dir(self) -> Path:
        """The folder of stores and credentials."""
        return Path(self.data_folder or os.environ.get("POSPAGO_DATA_DIR") or DEFAULT_DATA_DIR)

    @property
    def connection(self) -> Connection:
        """The connection to the gateway, opened at first use."""
        if self._connection is None:
            address = self.address or os.environ.get("POSPAGO_ADDRESS") or DEFAULT_ADDRESS
            self._connection = Connection.to(address, self._credential())
        return self._connection

    def stub(self, kind: Callable[[grpc.Channel], S]) -> S:
        """The stub of one service."""
        return self.connection.stub(kind)

    def show(self, message: Message, *, answer: Message | None = None) -> None:
        """Print one message; as JSON the whole `answer` around it, if given."""
        if self.as_json:
            tables.print_json(self.console, tables.as_json(answer or message))
        else:
            tables.print_fields(self.console, message)

    def show_many(self, title: str, messages: Sequence[Message], columns: str) -> None:
        """Print messages of one kind as rows of the named fields; as JSON in full."""
        if self.as_json:
            tables.print_json(self.console, [tables.as_json(each) for each in messages])
        else:
            tables.print_table(self.console, title, messages, columns)

    def show_secret(self, secret: str) -> None:
        """Print a token's secret, or why there is none; JSON has it in the answer."""
        if self.as_json:
            return
        if secret:
            self.console.print(f"[bold]Secret, shown this once:[/bold] {secret}", soft_wrap=True)
        else:
            self.console.print("[dim]No secret in this answer: not issued yet, or repeated.[/dim]")

    def list(
        self,
        method: Callable[[Any], Any],
        request: Any,
        *,
        of: str,
        columns: str,
        limit: int,
        as_row: Callable[[Any], Message] = lambda message: message,
    ) -> None:
        """Fetch page after page of the field `of`, up to `limit` rows, and print them.

        `as_row` gives the message that people are shown in place of one.
        """
        found: list[Message] = []
        while len(found) < limit:
            request.page_size = min(limit - len(found), PAGE_SIZE_MAX)
            page = method(request)
            found += getattr(page, of)
            request.page_token = page.next_page_token
            if not request.page_token:
                break
        rows = found if self.as_json else [as_row(each) for each in found]
        self.show_many(of.replace("_", " "), rows, columns)
        if request.page_token:
            self.errors.print(f"[dim]There are more: --limit is {limit}.[/dim]")

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()

    def _credential(self) -> str:
        """The secret to call with; empty where none is known, which the service will refuse."""
        stated = self.token or os.environ.get("POSPAGO_TOKEN")
        if stated:
            return stated
        kept = self.data_dir / OPERATOR_FILE
        return kept.read_text(encoding="ascii").strip() if kept.exists() else ""


class Leaf(click.Command):
    """A command that takes the shared options after its own name, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(shared_options())


class Noun(click.Group):
    """The commands about one thing."""

    command_class = Leaf

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does as a whole sentence, folded where the terminal ends."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, each.get_short_help_str(SENTENCE_MAX)) for name, each in found if each]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def stated_database_url(service: str) -> str:
    """The store that the environment names for a service; empty where it names none."""
    return os.environ.get(f"POSPAGO_{service.upper()}_DATABASE_URL", "")


def shared_options() -> list[click.Parameter]:
    """The options that every command knows."""
    stated = (
        ("--address", "address", "HOST:PORT", "Gateway to call. [POSPAGO_ADDRESS; localhost:8080]"),
        (
            "--token",
            "token",
            "SECRET",
            "Secret to call with. [POSPAGO_TOKEN; else operator.token in the data folder]",
        ),
        ("--data-dir", "data_folder", "FOLDER", "The data folder. [POSPAGO_DATA_DIR; data]"),
    )
    options: list[click.Parameter] = [
        click.Option(
            [flag, name], metavar=metavar, help=text, expose_value=False, callback=_remember
        )
        for flag, name, metavar, text in stated
    ]
    json_option = click.Option(
        ["--json", "as_json"],
        is_flag=True,
        default=None,
        help="Answer in JSON, for machines.",
        expose_value=False,
        callback=_remember,
    )
    return [*options, json_option]


def limit_option(command: F) -> F:
    """Adds `--limit`: how many rows a list gives at most."""
    return click.option(
        "--limit",
        type=click.IntRange(1, 100_000),
        default=LIST_LIMIT,
        show_default=True,
        help="How many rows at most.",
    )(command)


def request_id_option(command: F) -> F:
    """Adds `--request-id`: makes a call safe to repeat."""
    return click.option(
        "--request-id",
        default=lambda: str(uuid.uuid4()),
        show_default="a new one",
        metavar="UUID",
        help="Repeat a call with the same id, and it is done once.",
    )(command)


def ask(question: str) -> None:
    """Return if the question is agreed to; Abort if not, CommandFailed if nobody answers."""
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort as unsaid:
        if isinstance(unsaid.__context__, EOFError):
            raise CommandFailed(
                "Nobody answered, so nothing was changed.", "To agree beforehand, add --yes."
            ) from unsaid
        raise


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Keep a shared option, wherever on the line it stood."""
    if value is not None and param.name is not None:
        setattr(ctx.ensure_object(Session), param.name, value)


pass_session = click.make_pass_decorator(Session, ensure=True)
