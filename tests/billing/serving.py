"""The real billing server in process, with a small stand-in for the provisioning service."""

import itertools
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar, cast

import grpc
import grpc.aio
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from grpc_status import rpc_status
from pospago.access.v1 import access_pb2
from pospago.billing.v1 import (
    billing_profile_pb2_grpc,
    catalog_pb2_grpc,
    estimate_pb2_grpc,
    event_service_pb2_grpc,
    invoice_pb2_grpc,
    issuer_pb2_grpc,
    meter_pb2_grpc,
    payment_pb2_grpc,
    price_change_pb2_grpc,
    sandbox_step_pb2_grpc,
    subscription_pb2_grpc,
    tax_pb2_grpc,
    terms_pb2_grpc,
    usage_pb2_grpc,
)

from billing_service.server import BillingApp
from billing_service.settings import BillingSettings
from chassis.clock import ManualClock
from chassis.credentials import load_or_create
from chassis.rpc.authentication import BearerAuthenticator
from chassis.rpc.call import Call
from chassis.rpc.server import Listening, RpcServer
from tests.billing.builders import START_AT, Billing, day

T = TypeVar("T")

INTEGRATOR_SECRET = "pspg_it_acme"


class Access:
    """The servicer of the stand-in: knows one integrator, that of accounts/acme."""

    def __init__(self) -> None:
        self.asked_count = 0
        self.active = True

    async def Introspect(
        self, request: access_pb2.IntrospectRequest, _call: Call
    ) -> access_pb2.IntrospectResponse:
        self.asked_count += 1
        if request.secret != INTEGRATOR_SECRET or not self.active:
            return access_pb2.IntrospectResponse(active=False)
        return access_pb2.IntrospectResponse(
            active=True,
            kind=access_pb2.CALLER_KIND_INTEGRATOR,
            account="accounts/acme",
            token="accounts/acme/tokens/1",
        )


class Stubs:
    """Stubs of all services of billing on one channel."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.issuers: Any = issuer_pb2_grpc.IssuerServiceStub(channel)
        self.terms: Any = terms_pb2_grpc.TermsServiceStub(channel)
        self.catalog: Any = catalog_pb2_grpc.CatalogServiceStub(channel)
        self.meters: Any = meter_pb2_grpc.MeterServiceStub(channel)
        self.changes: Any = price_change_pb2_grpc.PriceChangeServiceStub(channel)
        self.taxes: Any = tax_pb2_grpc.TaxProfileServiceStub(channel)
        self.profiles: Any = billing_profile_pb2_grpc.BillingProfileServiceStub(channel)
        self.subscriptions: Any = subscription_pb2_grpc.SubscriptionServiceStub(channel)
        self.invoices: Any = invoice_pb2_grpc.InvoiceServiceStub(channel)
        self.estimates: Any = estimate_pb2_grpc.EstimateServiceStub(channel)
        self.payments: Any = payment_pb2_grpc.PaymentServiceStub(channel)
        self.steps: Any = sandbox_step_pb2_grpc.SandboxStepServiceStub(channel)
        self.usage: Any = usage_pb2_grpc.UsageServiceStub(channel)
        self.events: Any = event_service_pb2_grpc.EventServiceStub(channel)


@dataclass(frozen=True, slots=True)
class Served:
    """The running service, its clock, and its data from within."""

    app: BillingApp
    clock: ManualClock
    access: Access
    channel: grpc.aio.Channel
    operator_secret: str
    service_secret: str
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def inside(self, work: Callable[[Billing], T]) -> T:
        """What `work` does with the service's own writer, in the writing thread."""
        inner = Billing(self.app.database, self.clock, self.app.writer, self._numbers)
        return await self.app.writer.call(lambda: work(inner))

    async def call(self, method: Any, request: Any, secret: str = "") -> Any:
        """Call a method as an operator, or as whoever holds the secret."""
        metadata = (("authorization", f"Bearer {secret or self.operator_secret}"),)
        return await method(request, metadata=metadata, timeout=60)

    @property
    def stubs(self) -> Stubs:
        return Stubs(self.channel)


@asynccontextmanager
async def serving(folder: Path, **more: Any) -> AsyncIterator[Served]:
    """The service on a fresh store in `folder`, with `more` settings."""
    credentials = load_or_create(folder, "provisioning")
    access = Access()
    peer = RpcServer(
        "provisioning",
        {"pospago.access.v1.AccessService": access},
        BearerAuthenticator(credentials.book, credentials.keyed_hash, _Nobody()),
        listening=Listening(stop_seconds=0),
    )
    await peer.start()
    clock = ManualClock(START_AT)
    settings = BillingSettings(
        data_dir=folder,
        port=0,
        metrics_port=None,
        peer_address=f"127.0.0.1:{peer.port}",
        stop_seconds=0,
        **more,
    )
    app = await BillingApp.start(settings, clock)
    assert credentials.operator_file is not None
    secret = credentials.operator_file.read_text(encoding="ascii").strip()
    async with grpc.aio.insecure_channel(app.address) as channel:
        yield Served(app, clock, access, channel, secret, credentials.service_secret)
    await app.stop()
    await peer.stop()


class _Nobody:
    async def find(self, _secret: str, _secret_hash: bytes) -> None:
        return None


def refusal_of(failure: grpc.aio.AioRpcError) -> tuple[grpc.StatusCode, str]:
    """The code and the one reason of a refusal."""
    status = rpc_status.from_call(cast("Any", failure))
    reasons = []
    for detail in status.details if status is not None else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            reasons.append(info.reason)
    (reason,) = reasons
    return failure.code(), reason


async def refused(
    served: Served, method: Any, request: Any, *, secret: str = "", within_s: float = 120
) -> tuple[grpc.StatusCode, str]:
    """The code and reason with which a call is refused; it must be."""
    metadata = (("authorization", f"Bearer {secret or served.operator_secret}"),)
    try:
        answer = await method(request, metadata=metadata, timeout=within_s)
    except grpc.aio.AioRpcError as failure:
        return refusal_of(failure)
    raise AssertionError(f"not refused: {answer}")


async def violations_of(served: Served, method: Any, request: Any) -> list[tuple[str, str]]:
    """The fields that a call is refused for."""
    metadata = (("authorization", f"Bearer {served.operator_secret}"),)
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await method(request, metadata=metadata, timeout=60)
    call: Any = refusal.value
    status = rpc_status.from_call(call)
    assert status is not None
    found = error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(found)
    return [(each.field, each.description) for each in found.field_violations]


def read_rule(served: Served, rule: str) -> tuple[Any, tuple[grpc.StatusCode, str]]:
    """The method, and the code and reason that `service.Rpc CODE REASON` expects of it."""
    method, code, reason = rule.split()
    return attrgetter(method)(served.stubs), (grpc.StatusCode[code], reason)


def request_id() -> str:
    return str(uuid.uuid4())


def money(units: int, currency: str = "BRL", nanos: int = 0) -> Money:
    return Money(currency_code=currency, units=units, nanos=nanos)


def proto_day(text: str) -> Date:
    value = day(text)
    return Date(year=value.year, month=value.month, day=value.day)


def stamp(instant_at: int) -> Timestamp:
    return Timestamp(seconds=instant_at // 1_000_000, nanos=instant_at % 1_000_000 * 1000)
