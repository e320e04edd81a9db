"""AccountService, and accounts as the contract tells them."""

from typing import Final

from pospago.provisioning.v1 import account_pb2 as pb

from chassis.errors import AccountNotFound, FieldImmutable
from chassis.rpc.call import Call
from chassis.rpc.names import account_id, sandbox_id
from chassis.rpc.writes import Writes, whole
from provisioning_service.api.reading import Reads
from provisioning_service.api.times import to_proto_timestamp
from provisioning_service.domain.account import Account
from provisioning_service.storage.queries import find_account, list_accounts
from provisioning_service.use_cases.create_account import CREATE_ACCOUNT, CreateAccount
from provisioning_service.use_cases.update_account import UPDATE_ACCOUNT, UpdateAccount

_CHANGEABLE: Final = ("display_name", "time_zone")


class Accounts:
    """The servicer of AccountService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreateAccount(self, request: pb.CreateAccountRequest, call: Call) -> bytes:
        """Create an account."""
        command = CreateAccount(
            account=request.account_id,
            display_name=request.account.display_name,
            time_zone=request.account.time_zone,
            parent=account_id(request.account.parent_account, "account.parent_account"),
            sandbox=sandbox_id(request.account.sandbox, "account.sandbox"),
        )
        return await self._writes.run(call, CREATE_ACCOUNT, command, _CREATED)

    async def GetAccount(self, request: pb.GetAccountRequest, call: Call) -> pb.GetAccountResponse:
        """Give one account."""
        account = account_id(request.name)
        found = await self._reads.run(call, lambda tx: find_account(tx, account))
        if found is None:
            raise AccountNotFound(account)
        return pb.GetAccountResponse(account=to_proto_account(found))

    async def ListAccounts(
        self, request: pb.ListAccountsRequest, call: Call
    ) -> pb.ListAccountsResponse:
        """Give a page of accounts."""
        page = self._reads.page(request)
        sandbox = sandbox_id(request.sandbox)
        parent = account_id(request.parent_account, "parent_account")
        found = await self._reads.run(
            call,
            lambda tx: list_accounts(
                tx, sandbox=sandbox, parent=parent, after=page.after, limit=page.limit
            ),
        )
        entries, token = page.cut(found, lambda each: each.id)
        return pb.ListAccountsResponse(
            accounts=map(to_proto_account, entries), next_page_token=token
        )

    async def UpdateAccount(self, request: pb.UpdateAccountRequest, call: Call) -> bytes:
        """Change an account."""
        account = request.account
        mask = set(request.update_mask.paths)
        for path in sorted(mask - set(_CHANGEABLE)):
            raise FieldImmutable(f"account.{path}", _CHANGEABLE)
        # Without a mask an empty zone is one that was not filled in; named, it is the default.
        zone_meant = "time_zone" in mask or (not mask and account.time_zone)
        command = UpdateAccount(
            account=account_id(account.name, "account.name"),
            display_name=account.display_name if not mask or "display_name" in mask else None,
            time_zone=account.time_zone if zone_meant else None,
            etag=account.etag,
        )
        return await self._writes.run(call, UPDATE_ACCOUNT, command, _UPDATED)


def to_proto_account(account: Account) -> pb.Account:
    """An account as the contract tells it."""
    return pb.Account(
        name=account.name,
        display_name=account.display_name,
        time_zone=account.time_zone,
        parent_account=f"accounts/{account.parent}" if account.parent else "",
        sandbox=f"sandboxes/{account.sandbox}" if account.sandbox else "",
        create_time=to_proto_timestamp(account.created_at),
        etag=str(account.version),
    )


def _created(account: Account) -> pb.CreateAccountResponse:
    return pb.CreateAccountResponse(account=to_proto_account(account))


def _updated(account: Account) -> pb.UpdateAccountResponse:
    return pb.UpdateAccountResponse(account=to_proto_account(account))


_CREATED: Final = whole(_created)
_UPDATED: Final = whole(_updated)
