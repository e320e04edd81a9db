"""The contract as tests read it: each rpc with its access rule and the reasons it documents."""

import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from pospago.access.v1 import access_pb2

IMAGE: Final = Path(__file__).parents[2] / "protos" / "pospago" / "suite.binpb"
# Of these the services serve rpcs; access is served by provisioning.
PACKAGES: Final = ("access", "provisioning", "billing")

# Any rpc may give these, whatever its comment says: they come from the way to the servicer.
EVERYWHERE: Final = frozenset(
    "MALFORMED_REQUEST INVALID_FIELD UNAUTHENTICATED ACCESS_DENIED OVERLOADED MESSAGE_TOO_LARGE"
    " TEMPORARILY_UNAVAILABLE CONCURRENT_CHANGE POSITION_OUT_OF_RANGE POSITION_NOT_REACHED"
    " DEADLINE_EXCEEDED CANCELLED REQUEST_ID_EXPIRED".split()
)

_CODES: Final = (
    "CANCELLED INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED"
    " RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL"
    " UNAVAILABLE UNAUTHENTICATED".split()
)
_SERVICE_FIELD, _METHOD_FIELD, _ENUM_FIELD, _VALUE_FIELD = 6, 2, 5, 2


@dataclass(frozen=True, slots=True)
class RpcContract:
    """One rpc: `name` is `{package}.{service}.{method}`, short and unique."""

    name: str
    package: str
    method: MethodDescriptor
    reasons: frozenset[str]

    @property
    def path(self) -> str:
        """The full method, as calls name it."""
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def streaming(self) -> bool:
        """Whether it answers with many messages."""
        return bool(self.method.server_streaming)

    @property
    def client_streaming(self) -> bool:
        """Whether it takes many requests."""
        return bool(self.method.client_streaming)

    @property
    def request_class(self) -> type[Message]:
        """The class of its requests."""
        return message_factory.GetMessageClass(self.method.input_type)

    @property
    def response_class(self) -> type[Message]:
        """The class of its answers."""
        return message_factory.GetMessageClass(self.method.output_type)

    @property
    def callers(self) -> frozenset[str]:
        """The kinds that may call it."""
        kinds = access_pb2.CallerKind.DESCRIPTOR.values_by_number
        numbers = self._access().callers
        return frozenset(kinds[each].name.removeprefix("CALLER_KIND_") for each in numbers)

    @property
    def account_field(self) -> str:
        """The path of the request field that names the account; empty if there is none."""
        return str(self._access().account_field)

    @property
    def principal_only(self) -> bool:
        """Whether of members only the account's principal may call it."""
        return bool(self._access().principal_only)

    def field(self, name: str) -> FieldDescriptor | None:
        """A field of the request."""
        found: FieldDescriptor | None = self.method.input_type.fields_by_name.get(name)
        return found

    def _access(self) -> Any:
        extension: Any = access_pb2.access
        return self.method.GetOptions().Extensions[extension]


@dataclass(frozen=True, slots=True)
class ReasonContract:
    """A published reason: the codes it may come with, and the domain it belongs to."""

    reason: str
    codes: frozenset[str]
    domain: str


@cache
def rpcs() -> dict[str, RpcContract]:
    """All rpcs of the contract by name."""
    found: dict[str, RpcContract] = {}
    for file, package in _files():
        importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
        for place, service in enumerate(file.service):
            described = descriptor_pool.Default().FindServiceByName(
                f"{file.package}.{service.name}"
            )
            for number, method in enumerate(described.methods):
                comment = _comment(file, (_SERVICE_FIELD, place, _METHOD_FIELD, number))
                name = f"{package}.{service.name}.{method.name}"
                found[name] = RpcContract(name, package, method, _reasons_in(comment))
    return found


@cache
def reasons() -> dict[str, ReasonContract]:
    """All published reasons."""
    found: dict[str, ReasonContract] = {}
    for file, package in _files():
        domain = "pospago" if package == "access" else f"{package}.pospago"
        for place, enum in enumerate(file.enum_type):
            if enum.name != "ErrorReason":
                continue
            for number, value in enumerate(enum.value):
                comment = _comment(file, (_ENUM_FIELD, place, _VALUE_FIELD, number))
                reason = value.name.removeprefix("ERROR_REASON_")
                codes = frozenset(each for each in _CODES if re.search(rf"\b{each}\b", comment))
                found[reason] = ReasonContract(reason, codes, domain)
    return found


def documented_pairs() -> set[tuple[str, str]]:
    """Each rpc with each reason that its comment documents."""
    return {(rpc.name, reason) for rpc in rpcs().values() for reason in rpc.reasons}


@cache
def _files() -> list[tuple[descriptor_pb2.FileDescriptorProto, str]]:
    image = descriptor_pb2.FileDescriptorSet.FromString(IMAGE.read_bytes())
    packages = {f"pospago.{each}.v1": each for each in PACKAGES}
    return [(file, packages[file.package]) for file in image.file if file.package in packages]


def _comment(file: descriptor_pb2.FileDescriptorProto, path: tuple[int, ...]) -> str:
    for location in file.source_code_info.location:
        if tuple(location.path) == path:
            return str(location.leading_comments)
    return ""


def _reasons_in(comment: str) -> frozenset[str]:
    """The reasons that a comment lists after `Reasons:`; what stands in brackets explains them."""
    _, _, listed = comment.partition("Reasons:")
    return frozenset(re.findall(r"[A-Z][A-Z_]{3,}", re.sub(r"\([^)]*\)", "", listed)))
