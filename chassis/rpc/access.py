"""Who may call an rpc, as the contract's method option states it."""

from dataclasses import dataclass
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message import Message
from pospago.access.v1 import access_pb2

from chassis.caller import Caller, CallerKind
from chassis.errors import AccessDenied, PrincipalNeeded


class ContractError(Exception):
    """The contract or the servicers are at fault; the server does not start."""


@dataclass(frozen=True, slots=True)
class AccessRule:
    """The kinds that may call an rpc, and the request field that names the account, if any does.

    `principal_only`: of members, only the account's principal may call it.
    """

    # A tuple: short, and an enum is slow to hash.
    kinds: tuple[CallerKind, ...]
    account_path: tuple[str, ...]
    principal_only: bool = False

    @classmethod
    def of(cls, method: MethodDescriptor) -> "AccessRule":
        """The rule that the method states; ContractError if it states none, or a wrong one."""
        options = method.GetOptions()
        # Its stub types the extension as a field like any other.
        extension = cast("Any", access_pb2.access)
        if not options.HasExtension(extension):
            raise ContractError(f"{method.full_name} states no access rule")
        access: access_pb2.Access = options.Extensions[extension]
        path = tuple(access.account_field.split(".")) if access.account_field else ()
        _check_path(method, path)
        kinds = tuple(CallerKind(number) for number in access.callers)
        if access.principal_only and CallerKind.MEMBER not in kinds:
            raise ContractError(f"{method.full_name} is for principals, and admits no member")
        return cls(kinds, path, access.principal_only)

    def check(self, caller: Caller, request: Message) -> None:
        """Raise AccessDenied unless the caller may make this request; a principal aside."""
        self.check_kind(caller)
        if self.account_path and caller.is_bound:
            account = self.account_of(request)
            if not account or account != caller.account:
                raise AccessDenied

    def check_principal(self, caller: Caller) -> None:
        """Raise PrincipalNeeded if only the principal may call the rpc, and another member does."""
        if self.principal_only and caller.kind is CallerKind.MEMBER and not caller.is_principal:
            raise PrincipalNeeded

    def check_kind(self, caller: Caller) -> None:
        """Raise AccessDenied unless callers of this kind may call the rpc at all."""
        if caller.kind not in self.kinds:
            raise AccessDenied

    def account_of(self, request: Message) -> str:
        """The bare id of the account that the request names, empty if it names none."""
        value: object = request
        for name in self.account_path:
            value = getattr(value, name)
        collection, _, rest = str(value).partition("/")
        return rest.partition("/")[0] if collection == "accounts" else ""


def _check_path(method: MethodDescriptor, path: tuple[str, ...]) -> None:
    message: Descriptor | None = method.input_type
    for name in path:
        field = message.fields_by_name.get(name) if message is not None else None
        if field is None:
            raise ContractError(f"{method.full_name}: no field {'.'.join(path)} in its request")
        message = field.message_type
