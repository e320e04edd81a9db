"""The provisioning service on a store, without a server, and its commands with defaults."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select

from chassis.batch import BatchTools
from chassis.clock import ManualClock, from_datetime
from chassis.database import Database, Transaction
from chassis.entry import PeerEvent, Submission
from chassis.feed import Cursor
from chassis.use_case import UseCase
from chassis.writer import Writer, fire_timers
from provisioning_service.api.events import encode_event
from provisioning_service.domain.instance import Instance, InstanceView, StopReason
from provisioning_service.domain.ladder import view_of
from provisioning_service.domain.programme import Programme
from provisioning_service.domain.token import NewSecret, Token, TokenView
from provisioning_service.storage.facts import read_accounts, read_instances
from provisioning_service.storage.queries import InstanceFilter, list_instances, tokens_of
from provisioning_service.storage.schema import CHASSIS, upgrade
from provisioning_service.use_cases.apply_billing import (
    DELETE_INSTANCES,
    LIFT_STOP,
    NOTE_EXPIRY,
    STOP_ACCOUNT,
    DeleteInstances,
    LiftStop,
    NoteExpiry,
    StopAccount,
)
from provisioning_service.use_cases.cancel_instance import CANCEL_INSTANCE, CancelInstance
from provisioning_service.use_cases.checks import show
from provisioning_service.use_cases.create_account import CREATE_ACCOUNT, CreateAccount
from provisioning_service.use_cases.create_instance import CREATE_INSTANCE, CreateInstance
from provisioning_service.use_cases.enrol_integrator import (
    ENROL_INTEGRATOR,
    EnrolIntegrator,
    Enrolled,
)
from provisioning_service.use_cases.fire_timers import TIMERS
from provisioning_service.use_cases.import_instance import IMPORT_INSTANCE, ImportInstance
from provisioning_service.use_cases.request_token import (
    REQUEST_TOKEN,
    RequestToken,
    TokenWithSecret,
)
from provisioning_service.use_cases.subscribe_instance import (
    SUBSCRIBE_INSTANCE,
    SubscribeInstance,
)

R = TypeVar("R")

SAO_PAULO: Final = "America/Sao_Paulo"
HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR
OPEN_PROGRAMME: Final = Programme(licences_min=0)


def at(text: str, zone: str = SAO_PAULO) -> int:
    """The instant at which clocks in a zone show `2026-03-01 12:00`, or midnight of a date."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return from_datetime(moment)


START_AT: Final = at("2026-03-02 09:00")


def secret(text: str) -> NewSecret:
    """A secret whose hash is plain to see."""
    return NewSecret(f"pspg_it_{text}", f"hash of {text}".encode())


def create_store(url: str) -> None:
    """Make the tables at `url`."""
    database = Database(url)
    upgrade(database)
    database.close()


@dataclass(slots=True)
class Service:
    """The service on its store: commands in, results or refusals out, at the clock's time."""

    database: Database
    writer: Writer
    clock: ManualClock
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def at(cls, url: str) -> "Service":
        """The service on the store at `url`, whose tables exist."""
        database = Database(url)
        clock = ManualClock(START_AT)
        tools = BatchTools(CHASSIS, TIMERS, encode_event)
        return cls(database, Writer(database, tools, clock), clock)

    def close(self) -> None:
        self.writer.close()
        self.database.close()

    def do(self, use_case: UseCase[Any, Any, R], command: Any) -> R:
        """What a command gives; its refusal is raised."""
        (outcome,) = self.do_all(use_case, [command])
        if isinstance(outcome, BaseException):
            raise outcome
        result: R = outcome
        return result

    def do_all(self, use_case: UseCase[Any, Any, Any], commands: Sequence[Any]) -> list[Any]:
        """What each of a list of commands gives, or its refusal."""
        outcomes = self.writer.execute([Submission(use_case, each, "test") for each in commands])
        return [each if isinstance(each, BaseException) else each.body for each in outcomes]

    def go_to(self, text: str, *accounts: str) -> None:
        """Move the clock, and do what is due on accounts (acme if none is named)."""
        self.clock.advance_to(at(text))
        outcomes = self.writer.execute([fire_timers(each) for each in accounts or ("acme",)])
        assert not [each for each in outcomes if isinstance(each, BaseException)]

    # --- commands -----------------------------------------------------------------------------

    def account(self, account: str = "acme", **more: Any) -> Any:
        empty = {"display_name": "", "time_zone": "", "parent": "", "sandbox": ""}
        return self.do(CREATE_ACCOUNT, CreateAccount(account, **(empty | more)))

    def enrol(
        self, account: str = "acme", *, migrate: bool = False, programme: Programme = OPEN_PROGRAMME
    ) -> Enrolled:
        command = EnrolIntegrator(account, migrate, programme, secret(f"{account}-1"))
        return self.do(ENROL_INTEGRATOR, command)

    def integrator(self, account: str = "acme", **programme: Any) -> Enrolled:
        """An account, enrolled."""
        self.account(account)
        return self.enrol(account, programme=replace(OPEN_PROGRAMME, **programme))

    def request(self, account: str = "acme", *, rung: int = 2) -> TokenWithSecret:
        """The next token; its secret is named for its rung."""
        command = RequestToken(account, secret(f"{account}-{rung}"), b"")
        return self.do(REQUEST_TOKEN, command)

    def creation(self, account: str = "acme", *, rung: int = 1, **more: Any) -> CreateInstance:
        """The command to create an instance with a rung's token; rung 0 is an operator's."""
        defaults = {
            "instance": f"i{next(self._numbers):04}",
            "display_name": "",
            "trial_length_us": None,
            "secret_hash": secret(f"{account}-{rung}").hash if rung else b"",
        }
        return CreateInstance(account, **(defaults | more))

    def create(self, account: str = "acme", *, rung: int = 1, **more: Any) -> InstanceView:
        return self.do(CREATE_INSTANCE, self.creation(account, rung=rung, **more))

    def fill(self, count: int, *, rung: int = 1, account: str = "acme") -> list[Any]:
        """Create many instances in one batch; gives views and refusals."""
        commands = [self.creation(account, rung=rung) for _ in range(count)]
        return self.do_all(CREATE_INSTANCE, commands)

    def take_over(self, instance: str, paid_through: str, account: str = "acme") -> InstanceView:
        day = date.fromisoformat(paid_through)
        return self.do(IMPORT_INSTANCE, ImportInstance(account, instance, "", day))

    def subscribe(self, instance: str, account: str = "acme", etag: str = "") -> InstanceView:
        return self.do(SUBSCRIBE_INSTANCE, SubscribeInstance(account, instance, etag, b""))

    def cancel(self, instance: str, account: str = "acme", etag: str = "") -> InstanceView:
        return self.do(CANCEL_INSTANCE, CancelInstance(account, instance, etag, b""))

    def subscribed(self, instance: str) -> InstanceView:
        """An instance created and subscribed now."""
        self.create(instance=instance)
        return self.subscribe(instance)

    # --- billing's word -----------------------------------------------------------------------

    def billing_tells(self, use_case: Any, command: Any) -> None:
        """Apply an event of billing's feed, as its consumer does."""
        seq = next(self._numbers) + 1
        submission = Submission(use_case, command, "feed/billing")
        event = PeerEvent(
            source="billing",
            seq=seq,
            account=command.account,
            effective_at=0,
            type="test",
            payload=b"",
            submission=submission,
        )
        assert self.writer.apply_feed("billing", [event], Cursor(1, seq, 0)) == 1

    def expires(self, day: str | None, month: str | None = None, account: str = "acme") -> None:
        days = [None if each is None else date.fromisoformat(each) for each in (day, month)]
        self.billing_tells(NOTE_EXPIRY, NoteExpiry(account, days[0], days[1], self.clock.now()))

    def stop_unpaid(self, since: str, account: str = "acme") -> None:
        self.billing_tells(STOP_ACCOUNT, StopAccount(account, "invoices/inv-1", at(since)))

    def delete_unpaid(self, since: str, account: str = "acme") -> None:
        self.billing_tells(DELETE_INSTANCES, DeleteInstances(account, "invoices/inv-1", at(since)))

    def lift_stop(self, account: str = "acme") -> None:
        self.billing_tells(LIFT_STOP, LiftStop(account, self.clock.now()))

    # --- what is ------------------------------------------------------------------------------

    def get(self, instance: str, account: str = "acme") -> InstanceView:
        def query(tx: Transaction) -> InstanceView:
            facts = read_instances(tx, [(account, instance)])
            return show(facts, facts.instance(account, instance))

        return self.database.read(query)

    def instance(self, instance: str, account: str = "acme") -> Instance:
        return self.get(instance, account).instance

    def shown(self, instance: str, account: str = "acme") -> str:
        """State, stop reasons and expiry in a line, such as `ACTIVE UNPAID 2026-04-10`."""
        view = self.get(instance, account)
        reasons = [each.name for each in view.instance.stop_reasons]
        expiry = [view.expires_on.isoformat()] if view.expires_on else []
        return " ".join([view.instance.state.name, *reasons, *expiry])

    def instances(self, account: str = "acme") -> list[Instance]:
        return self.database.read(
            lambda tx: list_instances(tx, InstanceFilter(account), after="", limit=1000)
        )

    def token(self, rung: int, account: str = "acme") -> TokenView:
        tokens: dict[int, Token] = self.database.read(lambda tx: tokens_of(tx, account))
        return view_of(tokens[rung], tokens)

    def facts(self, account: str = "acme") -> Any:
        return self.database.read(lambda tx: read_accounts(tx, [account]))

    def events(self, *, after: int = 0) -> list[Any]:
        table = CHASSIS.events
        query = select(table).where(table.c.seq > after).order_by(table.c.seq)
        return list(self.database.read(lambda tx: tx.all(query)))

    def told(self, *, after: int = 0) -> list[str]:
        """The kinds of the events after a number."""
        return [each.type.rpartition(".")[2] for each in self.events(after=after)]

    def timers(self) -> list[tuple[str, str, int]]:
        """Kind, key and due time of what will happen, by time."""
        table = CHASSIS.timers
        rows = self.database.read(lambda tx: tx.all(select(table).order_by(table.c.due_at)))
        return [(row.kind, row.key, row.due_at) for row in rows]


def reasons(view: InstanceView) -> tuple[StopReason, ...]:
    """What stops an instance."""
    return view.instance.stop_reasons
