"""One call as servicers see it, and what came with it as metadata."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from chassis.caller import Caller
from chassis.errors import FieldViolation, InvalidField

AUTHORIZATION: Final = "authorization"
AFTER: Final = "pospago-after"
POSITION: Final = "pospago-position"
TRACE_PARENT: Final = "traceparent"
TRACE_STATE: Final = "tracestate"
CALL_ID: Final = "x-request-id"

AFTER_MAX: Final = 8
# The most that an answer holds. Clients of ours take as much; others take 4 MiB unless told to.
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
_CALL_ID_LENGTH_MAX: Final = 64
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the feed of one service, as metadata carries it."""

    source: str
    epoch: int
    seq: int

    def __str__(self) -> str:
        """Give `source/epoch/seq`."""
        return f"{self.source}/{self.epoch}/{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The position that a text states; InvalidField if it states none."""
        source, _, rest = text.partition("/")
        epoch, _, seq = rest.partition("/")
        if not (source and _is_count(epoch) and _is_count(seq)):
            raise InvalidField(FieldViolation(AFTER, "must be metadata like `billing/1/42`"))
        return cls(source, int(epoch), int(seq))


def _is_count(text: str) -> bool:
    # Up to 18 digits always fit the 63 bits of a sequence number.
    return text.isascii() and text.isdigit() and len(text) <= 18


class Headers:
    """What a call's metadata say: the secret, positions to wait for, trace and call id."""

    __slots__ = ("after", "call_id", "secret", "trace_parent", "trace_state")

    def __init__(self, metadata: Sequence[tuple[str, str | bytes]]) -> None:
        self.secret = ""
        self.after: tuple[str, ...] = ()
        self.call_id = ""
        self.trace_parent = ""
        self.trace_state = ""
        for key, value in metadata:
            if not isinstance(value, str):
                continue
            match key:
                case "authorization":
                    if value[:7].lower() == _BEARER:
                        self.secret = value[7:].strip()
                case "pospago-after":
                    self.after += (value,)
                case "x-request-id":
                    self.call_id = value[:_CALL_ID_LENGTH_MAX]
                case "traceparent":
                    self.trace_parent = value
                case "tracestate":
                    self.trace_state = value
                case _:
                    pass

    def positions(self) -> tuple[Position, ...]:
        """The positions that must be applied before the call is served."""
        if len(self.after) > AFTER_MAX:
            text = f"may be given {AFTER_MAX} times at most"
            raise InvalidField(FieldViolation(AFTER, text))
        return tuple(Position.parse(each) for each in self.after)


class Envelope:
    """What is known of a call from its first byte on; says it to the log if anything is logged."""

    __slots__ = ("caller", "headers", "rpc")

    def __init__(self, rpc: str, headers: Headers) -> None:
        self.rpc = rpc
        self.headers = headers
        self.caller: Caller | None = None

    @property
    def call_id(self) -> str:
        """What the call is called in the log: as its metadata say, else chosen when first asked."""
        if not self.headers.call_id:
            self.headers.call_id = secrets.token_hex(8)
        return self.headers.call_id

    def log_fields(self) -> Mapping[str, str]:
        """The fields to put on each log line of the call."""
        fields = {"rpc": self.rpc, "call": self.call_id}
        if self.caller is not None:
            fields["caller"] = self.caller.key
        if self.headers.trace_parent:
            fields["traceparent"] = self.headers.trace_parent[:55]
        return fields


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in.

    `rpc` is the full method; `request_id` is empty where the request has none, and so is `content`,
    the bytes that are equal for equal requests; `deadline_at` is on the monotonic clock of the
    process, None if the caller set no deadline; `positions` tell by the service's name where its
    feed tells of the call's latest write.
    """

    rpc: str
    caller: Caller
    request_id: str = ""
    content: bytes = b""
    deadline_at: float | None = None
    positions: dict[str, str] = field(default_factory=dict)

    def add_position(self, source: str, epoch: int, seq: int) -> None:
        """Tell the caller, beside the answer, where its latest write stands in the feed."""
        self.positions[source] = f"{source}/{epoch}/{seq}"
