"""MemberService, and members as the contract tells them."""

from collections.abc import Callable
from typing import Any, Final

from pospago.provisioning.v1 import member_pb2 as pb

from chassis.database import Transaction
from chassis.entry import Encoded
from chassis.errors import FieldImmutable
from chassis.rpc.authentication import RememberedCallers
from chassis.rpc.call import Call
from chassis.rpc.contract import judges_principal
from chassis.rpc.names import NamePattern, account_id
from chassis.rpc.writes import Writes, once, whole
from chassis.use_case import UseCase
from provisioning_service.api.callers import SecretMint
from provisioning_service.api.reading import Reads
from provisioning_service.api.times import to_proto_timestamp
from provisioning_service.domain.member import MemberView, Role
from provisioning_service.storage.facts import Facts
from provisioning_service.storage.holding_facts import add_members
from provisioning_service.storage.holding_queries import list_members
from provisioning_service.use_cases.change_member import (
    REMOVE_MEMBER,
    ROTATE_MEMBER_SECRET,
    SET_PRINCIPAL,
    UPDATE_MEMBER,
    RemoveMember,
    RotateMemberSecret,
    SetPrincipal,
    UpdateMember,
)
from provisioning_service.use_cases.create_member import (
    CREATE_MEMBER,
    CreateMember,
    MemberWithSecret,
)

MEMBER: Final = NamePattern("accounts/{account}/members/{member}")

_CHANGEABLE: Final = ("display_name", "email", "role")
_ROLE_NUMBERS: Final = {Role.USER: pb.Member.ROLE_USER, Role.ADMIN: pb.Member.ROLE_ADMIN}
_ROLES: Final[dict[int, Role]] = {number: role for role, number in _ROLE_NUMBERS.items()}


class Members:
    """The servicer of MemberService."""

    def __init__(
        self, writes: Writes, reads: Reads, mint: SecretMint, callers: RememberedCallers
    ) -> None:
        self._writes = writes
        self._reads = reads
        self._mint = mint
        self._callers = callers

    async def CreateMember(self, request: pb.CreateMemberRequest, call: Call) -> bytes:
        """Add a member to an account."""
        command = CreateMember(
            account=account_id(request.parent, "parent"),
            member=request.member_id,
            display_name=request.member.display_name,
            email=request.member.email,
            role=_ROLES.get(request.member.role, Role.USER),
            secret=self._mint.new_of_member(),
            secret_hash=call.caller.secret_hash,
        )
        return await self._writes.run(call, CREATE_MEMBER, command, _CREATED)

    async def GetMember(self, request: pb.GetMemberRequest, call: Call) -> pb.GetMemberResponse:
        """Give one member."""
        account, member = MEMBER.parse(request.name)

        def query(tx: Transaction) -> MemberView:
            facts = Facts()
            add_members(tx, facts, [(account, member)])
            return facts.member(account, member)

        found = await self._reads.run(call, query)
        return pb.GetMemberResponse(member=to_proto_member(found))

    async def ListMembers(
        self, request: pb.ListMembersRequest, call: Call
    ) -> pb.ListMembersResponse:
        """Give a page of an account's members."""
        page = self._reads.page(request)
        account = account_id(request.parent, "parent")
        found = await self._reads.run(
            call, lambda tx: list_members(tx, account, after=page.after, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: each.member.id)
        return pb.ListMembersResponse(members=map(to_proto_member, entries), next_page_token=token)

    async def UpdateMember(self, request: pb.UpdateMemberRequest, call: Call) -> bytes:
        """Change a member."""
        told = request.member
        account, member = MEMBER.parse(told.name, "member.name")
        mask = set(request.update_mask.paths)
        for path in sorted(mask - set(_CHANGEABLE)):
            raise FieldImmutable(f"member.{path}", _CHANGEABLE)
        command = UpdateMember(
            account=account,
            member=member,
            display_name=_text(mask, "display_name", told.display_name),
            email=_text(mask, "email", told.email),
            role=_role(mask, told.role),
            etag=told.etag,
            secret_hash=call.caller.secret_hash,
        )
        return await self._change(call, UPDATE_MEMBER, command, _UPDATED)

    async def RemoveMember(self, request: pb.RemoveMemberRequest, call: Call) -> bytes:
        """Remove a member."""
        account, member = MEMBER.parse(request.name)
        command = RemoveMember(account, member, request.etag, call.caller.secret_hash)
        return await self._change(call, REMOVE_MEMBER, command, _REMOVED)

    async def RotateMemberSecret(self, request: pb.RotateMemberSecretRequest, call: Call) -> bytes:
        """Give a member a new secret."""
        account, member = MEMBER.parse(request.name)
        secret = self._mint.new_of_member()
        command = RotateMemberSecret(account, member, secret, call.caller.secret_hash)
        return await self._change(call, ROTATE_MEMBER_SECRET, command, _ROTATED)

    @judges_principal
    async def SetPrincipal(self, request: pb.SetPrincipalRequest, call: Call) -> bytes:
        """Make a member its account's principal."""
        account, member = MEMBER.parse(request.name)
        caller = call.caller
        command = SetPrincipal(account, member, request.reason, caller.actor, caller.secret_hash)
        return await self._change(call, SET_PRINCIPAL, command, _SET)

    async def _change(
        self,
        call: Call,
        use_case: UseCase[Any, Any, Any],
        command: Any,
        encode: Callable[[Any], Encoded],
    ) -> bytes:
        try:
            return await self._writes.run(call, use_case, command, encode)
        finally:
            # Before anyone is told, nobody is taken any more for what it was.
            self._callers.forget_account(command.account)


def to_proto_member(view: MemberView) -> pb.Member:
    """A member as the contract tells it, never with its secret."""
    member = view.member
    return pb.Member(
        name=member.name,
        display_name=member.display_name,
        email=member.email,
        role=_ROLE_NUMBERS[member.role],
        is_principal=view.is_principal,
        secret_hint=member.secret_hint,
        create_time=to_proto_timestamp(member.created_at),
        remove_time=to_proto_timestamp(member.removed_at),
        etag=str(member.version),
    )


def _text(mask: set[str], path: str, value: str) -> str | None:
    """The new value of a text: that which the mask names, without one that which is set."""
    return value if path in mask or (not mask and value) else None


def _role(mask: set[str], number: int) -> Role | None:
    """The new role; named by the mask but not set, it is a user's."""
    if "role" in mask:
        return _ROLES.get(number, Role.USER)
    return None if mask else _ROLES.get(number)


def _once(response: Any) -> Callable[[MemberWithSecret], Encoded]:
    """An `encode` for an answer with a member, whose secret is told once."""
    return once(
        lambda result: response(member=to_proto_member(result.member), secret=result.secret),
        lambda result: response(member=to_proto_member(result.member)),
    )


def _whole(response: Any) -> Callable[[MemberView], Encoded]:
    """An `encode` for an answer with a member and no secret."""
    return whole(lambda view: response(member=to_proto_member(view)))


_CREATED: Final = _once(pb.CreateMemberResponse)
_ROTATED: Final = _once(pb.RotateMemberSecretResponse)
_UPDATED: Final = _whole(pb.UpdateMemberResponse)
_REMOVED: Final = _whole(pb.RemoveMemberResponse)
_SET: Final = _whole(pb.SetPrincipalResponse)
