"""What went wrong, in one short block: code, reason, message, remedy; never a traceback."""

from dataclasses import dataclass, field
from typing import Final, cast

import grpc
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from rich.console import Console
from rich.text import Text

EXIT_FAILED: Final = 1
EXIT_REFUSED: Final = 3
EXIT_NOT_FOUND: Final = 4
EXIT_NOT_ALLOWED: Final = 5
EXIT_UNREACHABLE: Final = 6

EXIT_CODES: Final = {
    "INVALID_ARGUMENT": EXIT_REFUSED,
    "FAILED_PRECONDITION": EXIT_REFUSED,
    "ALREADY_EXISTS": EXIT_REFUSED,
    "ABORTED": EXIT_REFUSED,
    "OUT_OF_RANGE": EXIT_REFUSED,
    "RESOURCE_EXHAUSTED": EXIT_REFUSED,
    "NOT_FOUND": EXIT_NOT_FOUND,
    "UNAUTHENTICATED": EXIT_NOT_ALLOWED,
    "PERMISSION_DENIED": EXIT_NOT_ALLOWED,
    "UNAVAILABLE": EXIT_UNREACHABLE,
    "DEADLINE_EXCEEDED": EXIT_UNREACHABLE,
}

REMEDIES: Final = {
    "UNAUTHENTICATED": "Pass --token, set POSPAGO_TOKEN, or point --data-dir at the folder that "
    "holds operator.token.",
    "UNAVAILABLE": "Is the suite running? Start it with `pospago up`, or pass --address.",
}
# What the services call by the names of the contract, in the words of the commands.
REMEDIES_BY_REASON: Final = {
    "INVALID_PRORATION": "State --mode prorate-now, prorate-next-invoice or none-until-renewal.",
}


class CommandFailed(Exception):
    """A command could not do what it was asked; the text says why and what to do."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a service said when it refused a call.

    `violations` are fields of the request, or names of what stands in the way, with what is wrong.
    """

    code: str
    reason: str
    message: str
    details: tuple[str, ...] = ()
    quota_subjects: tuple[str, ...] = ()
    violations: tuple[tuple[str, str], ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: grpc.RpcError) -> "Refusal":
        """Read the rich status of a failed call; one without is told by code and message."""
        call = cast("grpc.Call", error)  # as every error is that a synchronous call raises
        plain = cls(call.code().name, "", call.details() or "")
        try:
            status = rpc_status.from_call(call)
        except ValueError:  # the rich status is of another call than the plain one
            return plain
        return plain if status is None else _with_details(plain, status)

    @property
    def exit_code(self) -> int:
        """What the process says to the shell."""
        return EXIT_CODES.get(self.code, EXIT_FAILED)

    def printed(self, console: Console) -> None:
        """Print it as one block."""
        head = f"{self.code} · {self.reason}" if self.reason else self.code
        console.print(Text(head, style="bold red"), soft_wrap=True)
        console.print(Text(self.message), soft_wrap=True)
        for detail in self.details:
            # A message that tells its one fault has said it already.
            if detail.rstrip(".") not in self.message:
                console.print(Text(f"  {detail}", style="dim"), soft_wrap=True)
        if remedy := REMEDIES_BY_REASON.get(self.reason) or REMEDIES.get(self.code):
            console.print(Text(f"→ {remedy}", style="yellow"), soft_wrap=True)

    def as_json(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "error": {
                "code": self.code,
                "reason": self.reason,
                "message": self.message,
                "details": list(self.details),
            }
        }


def _with_details(plain: Refusal, status: status_pb2.Status) -> Refusal:
    """The refusal with what its status says beside code and message."""
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    state = error_details_pb2.PreconditionFailure()
    details, subjects = [], []
    for each in status.details:
        if each.TypeName() == "google.rpc.ErrorInfo":
            each.Unpack(info)
        elif each.TypeName() == "google.rpc.QuotaFailure":
            quota = error_details_pb2.QuotaFailure()
            each.Unpack(quota)
            subjects += [violation.subject for violation in quota.violations]
            details += [f"{one.subject}: {one.description}" for one in quota.violations]
        elif each.TypeName() == "google.rpc.BadRequest":
            each.Unpack(bad)
            details += [f"{one.field}: {one.description}" for one in bad.field_violations]
        elif each.TypeName() == "google.rpc.PreconditionFailure":
            each.Unpack(state)
            details += [f"{one.subject}: {one.description}" for one in state.violations]
        else:
            said = MessageToDict(each, preserving_proto_field_name=True)
            details += [f"{key}: {value}" for key, value in said.items() if key != "@type"]
    return Refusal(
        code=plain.code,
        reason=info.reason,
        message=plain.message,
        details=tuple(details),
        quota_subjects=tuple(subjects),
        violations=(
            *((one.field, one.description) for one in bad.field_violations),
            *((one.subject, one.description) for one in state.violations),
        ),
        metadata=dict(info.metadata),
    )
