"""The real server in this process, and its callers."""

import uuid
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.type.date_pb2 import Date
from grpc_status import rpc_status
from pospago.access.v1.access_pb2_grpc import AccessServiceStub
from pospago.provisioning.v1 import (
    account_pb2,
    instance_pb2,
    integrator_pb2,
    member_pb2,
    sandbox_pb2,
    token_pb2,
)
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub
from pospago.provisioning.v1.entitlement_pb2_grpc import EntitlementServiceStub
from pospago.provisioning.v1.event_service_pb2_grpc import EventServiceStub
from pospago.provisioning.v1.instance_pb2_grpc import InstanceServiceStub
from pospago.provisioning.v1.integrator_pb2_grpc import IntegratorServiceStub
from pospago.provisioning.v1.member_pb2_grpc import MemberServiceStub
from pospago.provisioning.v1.resource_pb2_grpc import ResourceServiceStub
from pospago.provisioning.v1.sandbox_pb2_grpc import SandboxServiceStub
from pospago.provisioning.v1.token_pb2_grpc import TokenServiceStub

from chassis.clock import ManualClock
from chassis.rpc.channel import ClientMetadata, open_channel
from provisioning_service.server import ProvisioningApp
from provisioning_service.settings import ProvisioningSettings

CODE = grpc.StatusCode
ONE = "accounts/acme/instances/one"


def new_id() -> str:
    """A request id that was never used."""
    return str(uuid.uuid4())


class Caller:
    """The stubs of one caller, and its common calls with defaults."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        # The generated stubs are typed for the synchronous form.
        self.accounts: Any = AccountServiceStub(channel)
        self.integrators: Any = IntegratorServiceStub(channel)
        self.tokens: Any = TokenServiceStub(channel)
        self.instances: Any = InstanceServiceStub(channel)
        self.sandboxes: Any = SandboxServiceStub(channel)
        self.events: Any = EventServiceStub(channel)
        self.access: Any = AccessServiceStub(channel)
        self.members: Any = MemberServiceStub(channel)
        self.resources: Any = ResourceServiceStub(channel)
        self.entitlements: Any = EntitlementServiceStub(channel)

    async def create_account(self, account: str = "acme", **fields: Any) -> account_pb2.Account:
        request = account_pb2.CreateAccountRequest(
            account_id=account, account=account_pb2.Account(**fields), request_id=new_id()
        )
        answer = await self.accounts.CreateAccount(request)
        told: account_pb2.Account = answer.account
        return told

    async def take_over(self, instance: str, day: date, account: str = "acme") -> Any:
        request = instance_pb2.ImportInstanceRequest(
            parent=f"accounts/{account}",
            instance_id=instance,
            paid_through_date=Date(year=day.year, month=day.month, day=day.day),
            request_id=new_id(),
        )
        return (await self.instances.ImportInstance(request)).instance

    async def enrol(self, account: str = "acme", **fields: Any) -> Any:
        request = integrator_pb2.EnrolIntegratorRequest(
            account=f"accounts/{account}", request_id=new_id(), **fields
        )
        return await self.integrators.EnrolIntegrator(request)

    async def create(self, account: str = "acme", **fields: Any) -> instance_pb2.Instance:
        request = instance_pb2.CreateInstanceRequest(
            parent=f"accounts/{account}", **({"request_id": new_id()} | fields)
        )
        told: instance_pb2.Instance = (await self.instances.CreateInstance(request)).instance
        return told

    async def subscribe(self, name: str, etag: str = "") -> instance_pb2.Instance:
        request = instance_pb2.SubscribeInstanceRequest(name=name, etag=etag, request_id=new_id())
        told: instance_pb2.Instance = (await self.instances.SubscribeInstance(request)).instance
        return told

    async def cancel(self, name: str) -> instance_pb2.Instance:
        request = instance_pb2.CancelInstanceRequest(name=name, request_id=new_id())
        told: instance_pb2.Instance = (await self.instances.CancelInstance(request)).instance
        return told

    async def get(self, name: str) -> instance_pb2.Instance:
        answer = await self.instances.GetInstance(instance_pb2.GetInstanceRequest(name=name))
        told: instance_pb2.Instance = answer.instance
        return told

    async def request_token(self, account: str = "acme") -> Any:
        request = token_pb2.RequestTokenRequest(parent=f"accounts/{account}", request_id=new_id())
        return await self.tokens.RequestToken(request)

    async def revoke(self, name: str) -> Any:
        request = token_pb2.RevokeTokenRequest(name=name, request_id=new_id())
        return await self.tokens.RevokeToken(request)

    async def create_member(self, member: str, account: str = "acme", **fields: Any) -> Any:
        request = member_pb2.CreateMemberRequest(
            parent=f"accounts/{account}",
            member_id=member,
            member=member_pb2.Member(**fields),
            request_id=new_id(),
        )
        return await self.members.CreateMember(request)

    async def set_principal(self, member: str, account: str = "acme", reason: str = "x") -> Any:
        request = member_pb2.SetPrincipalRequest(
            name=f"accounts/{account}/members/{member}", reason=reason, request_id=new_id()
        )
        return (await self.members.SetPrincipal(request)).member

    async def create_sandbox(self, sandbox: str = "box", **fields: Any) -> Any:
        request = sandbox_pb2.CreateSandboxRequest(
            sandbox_id=sandbox, request_id=new_id(), **fields
        )
        return await self.sandboxes.CreateSandbox(request)


@dataclass(frozen=True, slots=True)
class Served:
    """The running service, its clock and callers."""

    app: ProvisioningApp
    clock: ManualClock
    operator: Caller
    billing: Caller
    _channels: list[grpc.aio.Channel]

    def caller(self, secret: str) -> Caller:
        """A caller that holds a secret; its channel closes with the service."""
        channel = open_channel(self.app.address, ClientMetadata(secret))
        self._channels.append(channel)
        return Caller(channel)

    async def integrator(self, account: str = "acme") -> Caller:
        """An account, enrolled without licences, and its integrator."""
        await self.operator.create_account(account)
        # An enrolment cannot ask for no licences, for 0 is the default; the settings do.
        enrolled = await self.operator.enrol(account)
        return self.caller(enrolled.secret)


@asynccontextmanager
async def served(folder: Path, clock: ManualClock, **settings: Any) -> AsyncIterator[Served]:
    """The real server on a port of its own; billing is away."""
    stated: dict[str, Any] = {
        "data_dir": folder,
        "port": 0,
        "metrics_port": None,
        "peer_address": "127.0.0.1:1",
        "stop_seconds": 1,
        "programme": {"licences_min": 0},
    }
    app = await ProvisioningApp.start(ProvisioningSettings(**(stated | settings)), clock)
    channels: list[grpc.aio.Channel] = []

    def caller(secret_file: str) -> Caller:
        secret = (folder / secret_file).read_text().strip()
        channels.append(open_channel(app.address, ClientMetadata(secret)))
        return Caller(channels[-1])

    try:
        yield Served(
            app, clock, caller("operator.token"), caller("service-billing.token"), channels
        )
    finally:
        for channel in channels:
            await channel.close()
        await app.stop()


async def an_integrator(on: Served) -> Any:
    """The integrator of acme, with an instance on trial."""
    acme = await on.integrator()
    await acme.create(instance_id="one")
    return acme


async def a_short_ladder(on: Served) -> Any:
    """An account with a ladder of one creation, used, and a second and last rung, issued."""
    await on.operator.create_account()
    ladder = [token_pb2.Rung(creations_max=1, band=1), token_pb2.Rung(creations_max=0, band=2)]
    enrolled = await on.operator.enrol(programme=integrator_pb2.Programme(ladder=ladder))
    acme = on.caller(enrolled.secret)
    await acme.create(instance_id="one")
    return acme


async def refused(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str]:
    """The code and reason with which a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return failed.value.code(), reason_of(failed.value)


def reason_of(failure: grpc.aio.AioRpcError) -> str:
    """The reason of a refusal; it must be the first detail."""
    status: Any = rpc_status.from_call(failure)  # type: ignore[arg-type] # it has all that is read
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    return info.reason
