"""SandboxService."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final, Protocol

from pospago.provisioning.v1 import sandbox_pb2 as pb

from chassis.caller import Caller
from chassis.database import Transaction
from chassis.errors import AccessDenied, AccountNotFound, SandboxNotFound
from chassis.ids import Ids
from chassis.rpc.call import Call
from chassis.rpc.names import sandbox_id
from chassis.rpc.writes import Writes, once
from provisioning_service.api.callers import SecretMint
from provisioning_service.api.reading import Reads
from provisioning_service.api.sandbox_messages import to_proto_sandbox
from provisioning_service.api.times import from_proto_timestamp
from provisioning_service.domain.account import Account
from provisioning_service.domain.sandbox import SandboxView
from provisioning_service.storage.queries import find_account, find_sandbox, list_sandboxes
from provisioning_service.use_cases.advance_sandbox import AdvanceProgress
from provisioning_service.use_cases.create_sandbox import (
    CREATE_SANDBOX,
    CreateSandbox,
    SandboxMade,
)


class Coordinator(Protocol):
    """Leads a sandbox through its time, in both services."""

    def advance(
        self, sandbox: str, to_at: int, *, actor: str
    ) -> AsyncGenerator[AdvanceProgress, None]:
        """Move the sandbox's clock, telling at each step how far it is."""
        ...


class Sandboxes:
    """The servicer of SandboxService."""

    def __init__(
        self, writes: Writes, reads: Reads, ids: Ids, mint: SecretMint, coordinator: Coordinator
    ) -> None:
        self._writes = writes
        self._reads = reads
        self._ids = ids
        self._mint = mint
        self._coordinator = coordinator

    async def CreateSandbox(self, request: pb.CreateSandboxRequest, call: Call) -> bytes:
        """Create a sandbox; an integrator's comes with an account in it."""
        start_set = request.HasField("start_time")
        command = CreateSandbox(
            sandbox=request.sandbox_id or self._ids.new("sandbox"),
            display_name=request.display_name,
            start_at=from_proto_timestamp(request.start_time) if start_set else None,
            owner=call.caller.account,
            account=request.account_id or self._ids.new("sandboxed"),
            secret=self._mint.new(),
            secret_hash=call.caller.secret_hash,
        )
        return await self._writes.run(call, CREATE_SANDBOX, command, _CREATED)

    async def GetSandbox(self, request: pb.GetSandboxRequest, call: Call) -> pb.GetSandboxResponse:
        """Give one sandbox."""
        view = await self._visible(request.name, call)
        return pb.GetSandboxResponse(sandbox=to_proto_sandbox(view))

    async def ListSandboxes(
        self, request: pb.ListSandboxesRequest, call: Call
    ) -> pb.ListSandboxesResponse:
        """Give a page of sandboxes: for an integrator, those it owns or lives in."""
        page = self._reads.page(request)

        def query(tx: Transaction) -> list[SandboxView]:
            account = _account_of(tx, call.caller)
            return list_sandboxes(tx, visible_to=account, after=page.after, limit=page.limit)

        entries, token = page.cut(await self._reads.run(call, query), lambda each: each.sandbox.id)
        return pb.ListSandboxesResponse(
            sandboxes=map(to_proto_sandbox, entries), next_page_token=token
        )

    async def AdvanceSandbox(
        self, request: pb.AdvanceSandboxRequest, call: Call
    ) -> AsyncIterator[pb.AdvanceSandboxResponse]:
        """Move a sandbox's clock, telling at each step how far it is."""
        view = await self._visible(request.name, call)
        to_at = from_proto_timestamp(request.to_time)
        steps = self._coordinator.advance(view.sandbox.id, to_at, actor=call.caller.actor)
        # Closed with the call: whoever broke off may take the advance up again at once.
        async with aclosing(steps):
            async for progress in steps:
                yield pb.AdvanceSandboxResponse(
                    sandbox=to_proto_sandbox(progress.view),
                    fired_count=progress.fired_count,
                    arrived=progress.arrived,
                )

    async def _visible(self, name: str, call: Call) -> SandboxView:
        """The sandbox, if the caller may see it.

        Errors:  AccessDenied for an integrator's that is not its own, whether it exists or not.
        """
        sandbox = sandbox_id(name, "name")

        def query(tx: Transaction) -> SandboxView:
            view = find_sandbox(tx, sandbox)
            account = _account_of(tx, call.caller)
            if account is not None and not _may_see(account, view):
                raise AccessDenied
            if view is None:
                raise SandboxNotFound(sandbox)
            return view

        return await self._reads.run(call, query)


def _account_of(tx: Transaction, caller: Caller) -> Account | None:
    """The account that a caller is bound to; None for callers that are bound to none."""
    if not caller.is_bound:
        return None
    account = find_account(tx, caller.account)
    if account is None:
        raise AccountNotFound(caller.account)
    return account


def _may_see(account: Account, view: SandboxView | None) -> bool:
    if view is None:
        return False
    return view.sandbox.owner == account.id or view.sandbox.id == account.sandbox


def _created(made: SandboxMade) -> pb.CreateSandboxResponse:
    response = _created_before(made)
    response.secret = made.secret
    return response


def _created_before(made: SandboxMade) -> pb.CreateSandboxResponse:
    return pb.CreateSandboxResponse(
        sandbox=to_proto_sandbox(made.view),
        account=f"accounts/{made.account}" if made.account else "",
        token=made.token,
    )


_CREATED: Final = once(_created, _created_before)
