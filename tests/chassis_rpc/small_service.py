"""A service small enough to see through: accounts that do what their display name says.

It is served under the name of the provisioning service's AccountService, by the real chassis: the
real store, writer, feed and server. Only the servicer is small.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from pospago.provisioning.v1 import account_pb2, event_service_pb2, events_pb2
from sqlalchemy import MetaData
from sqlalchemy.exc import OperationalError

from chassis.accounts import lock_accounts
from chassis.batch import BatchTools
from chassis.caller import Caller, CallerKind
from chassis.clock import SystemClock
from chassis.credentials import Credentials, load_or_create
from chassis.database import Database, Transaction
from chassis.errors import (
    AccountNotFound,
    ConcurrentChange,
    EtagMismatch,
    FieldImmutable,
    PositionNotReached,
)
from chassis.rpc.authentication import BearerAuthenticator
from chassis.rpc.call import Call
from chassis.rpc.channel import ClientMetadata, open_channel
from chassis.rpc.events import EventFeed
from chassis.rpc.feed_signal import FeedSignal
from chassis.rpc.names import ACCOUNT, account_id
from chassis.rpc.pages import PageTokens
from chassis.rpc.positions import AppliedFeed
from chassis.rpc.server import Listening, RpcServer
from chassis.rpc.writes import Writes, once
from chassis.tables import ChassisTables
from chassis.touch import NoFacts
from chassis.use_case import AccountOpened, Effects, Event, Scope, UseCase
from chassis.writer import Writer

ACCOUNTS = "pospago.provisioning.v1.AccountService"
EVENTS = "pospago.provisioning.v1.EventService"
ACME_SECRET = "pspg_it_acme"
LEAKY = "a secret thought"


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """The command to open an account."""

    account: str


class Tokens:
    """Knows one integrator, that of accounts/acme, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked_count = 0
        self.active = True

    async def find(self, secret: str, secret_hash: bytes) -> Caller | None:
        """The integrator of accounts/acme, if it is its secret."""
        self.asked_count += 1
        if secret != ACME_SECRET or not self.active:
            return None
        return Caller(CallerKind.INTEGRATOR, "acme", account="acme", secret_hash=secret_hash)


def encode_event(payload: object) -> tuple[str, bytes]:
    """An opened account as the contract tells it."""
    assert isinstance(payload, OpenAccount)
    account = account_pb2.Account(name=ACCOUNT.format(payload.account))
    told = events_pb2.AccountCreated(account=account)
    return told.DESCRIPTOR.full_name, told.SerializeToString()


def open_account(tables: ChassisTables) -> UseCase[OpenAccount, NoFacts, str]:
    """The use case that opens an account, or does nothing if it is open."""

    def gather(tx: Transaction, commands: Sequence[OpenAccount]) -> Any:
        return _Open(set(lock_accounts(tx, tables, [each.account for each in commands])))

    def decide(facts: Any, command: OpenAccount, _now_at: int) -> Effects[str]:
        if command.account in facts.accounts:
            return Effects(command.account)
        opened = AccountOpened(command.account, "")
        event = Event(command.account, command)
        return Effects(command.account, events=(event,), openings=(opened,))

    return UseCase(
        name="open_account",
        scope=lambda command: Scope(accounts=(command.account,)),
        gather=gather,
        decide=decide,
        apply=lambda _tx, _effects: None,
    )


class _Open:
    def __init__(self, accounts: set[str]) -> None:
        self.accounts = accounts

    def absorb(self, effects: Effects[Any]) -> None:
        self.accounts |= {
            each.account for each in effects.openings if isinstance(each, AccountOpened)
        }


class Accounts:
    """The servicer: create writes, get fails as asked, list pages through 25 names."""

    def __init__(self, writes: Writes, tables: ChassisTables) -> None:
        self._writes = writes
        self._open_account = open_account(tables)
        self._pages = PageTokens(b"key")
        self.let_go = asyncio.Event()
        self.waiting_count = 0
        self.cancelled_count = 0

    async def CreateAccount(self, request: Any, call: Call) -> bytes:
        def told(account: str) -> account_pb2.CreateAccountResponse:
            kept = account_pb2.Account(name=ACCOUNT.format(account), display_name="told once")
            return account_pb2.CreateAccountResponse(account=kept)

        def repeated(account: str) -> account_pb2.CreateAccountResponse:
            kept = account_pb2.Account(name=ACCOUNT.format(account))
            return account_pb2.CreateAccountResponse(account=kept)

        command = OpenAccount(request.account_id)
        return await self._writes.run(call, self._open_account, command, once(told, repeated))

    async def GetAccount(self, request: Any, call: Call) -> account_pb2.GetAccountResponse:
        match account_id(request.name):
            case "missing":
                raise AccountNotFound("missing")
            case "changed":
                raise EtagMismatch("accounts/changed", "7")
            case "raced":
                raise ConcurrentChange
            case "wordy":
                raise FieldImmutable("x" * 5000, ("y" * 5000,))
            case "late":
                raise PositionNotReached("billing/1/9")
            case "broken":
                raise RuntimeError(LEAKY)
            case "storeless":
                raise OperationalError(LEAKY, {}, Exception(LEAKY))
            case "slow":
                await self._wait()
        account = account_pb2.Account(name=request.name, display_name=call.caller.key)
        return account_pb2.GetAccountResponse(account=account)

    async def ListAccounts(self, request: Any, _call: Call) -> account_pb2.ListAccountsResponse:
        page = self._pages.read(request)
        first = int(page.after[0]) + 1 if page.after else 0
        numbers = list(range(25))[first : first + page.size]
        token = self._pages.next(request, (numbers[-1],)) if numbers and numbers[-1] < 24 else ""
        accounts = [account_pb2.Account(name=f"accounts/n{number}") for number in numbers]
        return account_pb2.ListAccountsResponse(accounts=accounts, next_page_token=token)

    async def UpdateAccount(self, request: Any, _call: Call) -> account_pb2.UpdateAccountResponse:
        return account_pb2.UpdateAccountResponse(account=request.account)

    async def _wait(self) -> None:
        self.waiting_count += 1
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled_count += 1
            raise
        finally:
            self.waiting_count -= 1


@dataclass(frozen=True, slots=True)
class SmallService:
    """The running service and what tests need of its inside."""

    server: RpcServer
    accounts: Accounts
    tokens: Tokens
    credentials: Credentials
    database: Database
    tables: ChassisTables
    writer: Writer
    feed: EventFeed

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.server.port}"

    @property
    def operator_secret(self) -> str:
        """The operator's secret, as its file says."""
        assert self.credentials.operator_file is not None
        return self.credentials.operator_file.read_text().strip()

    def channel(self, secret: str) -> grpc.aio.Channel:
        """A channel of a client that holds the secret."""
        return open_channel(self.address, ClientMetadata(secret), services=[ACCOUNTS])


def open_store(folder: Path, name: str) -> tuple[Database, ChassisTables, Writer]:
    """A fresh store with nothing but the chassis's tables, and its writer."""
    database = Database(f"sqlite:///{folder / name}.sqlite3")
    metadata = MetaData()
    tables = ChassisTables(metadata)
    with database.writing() as tx:
        metadata.create_all(tx.connection)
    tools = BatchTools(tables=tables, timer_use_cases={}, encode_event=encode_event)
    return database, tables, Writer(database, tools, SystemClock())


@asynccontextmanager
async def running_service(
    folder: Path, *, listening: Listening, peers: Mapping[str, AppliedFeed] | None = None
) -> AsyncIterator[SmallService]:
    """The small service, serving on a port of its own."""
    database, tables, writer = open_store(folder, "small")
    credentials = load_or_create(folder, "provisioning")
    tokens = Tokens()
    authenticator = BearerAuthenticator(credentials.book, credentials.keyed_hash, tokens)
    signal = FeedSignal(asyncio.get_running_loop())
    writer.on_commit(signal.committed)
    accounts = Accounts(Writes(writer, "provisioning"), tables)
    feed = EventFeed(database, tables, signal, event_service_pb2)
    server = RpcServer(
        "provisioning",
        {ACCOUNTS: accounts, EVENTS: feed},
        authenticator,
        listening=listening,
        peers=peers,
    )
    server.metrics.show_writer(writer)
    await server.start()
    try:
        yield SmallService(server, accounts, tokens, credentials, database, tables, writer, feed)
    finally:
        await server.stop()
        writer.close()
        database.close()


def refusal_of(failure: grpc.aio.AioRpcError) -> tuple[grpc.StatusCode, str]:
    """The code and the reason of a failed call."""
    return failure.code(), details_of(failure)[0].reason


def details_of(failure: grpc.aio.AioRpcError) -> list[Any]:
    """The details of a failed call's status, ErrorInfo first."""
    status = rpc_status.from_call(cast("Any", failure))
    assert status is not None
    unpacked = []
    for packed in status.details:
        detail = getattr(error_details_pb2, packed.TypeName().rpartition(".")[2])()
        assert packed.Unpack(detail)
        unpacked.append(detail)
    return unpacked
