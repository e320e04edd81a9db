"""Events of usage: what happened, what an event is known by, and what became of it.

Named tuples throughout: every event makes one, and a frozen dataclass takes several times as long.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import partial
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Final, NamedTuple

_HASH_BYTES: Final = 16
# Of an id, at the start of a key. Ids that grow with time, such as UUIDv7 and numbers, keep their
# order in these, so that the keys of new events lie beside each other in a store.
_ID_BYTES: Final = 20
# Between the parts of what is hashed. No text of an event holds it: such an event is malformed.
APART: Final = "\0"

EventName = tuple[bytes, str]
"""What an event is known by for ever: its key, and its account."""


class UsageEvent(NamedTuple):
    """Something that was used. `time_at` is None where it happened when it is taken in.

    `text` is its data as JSON.
    """

    name: EventName
    account: str
    source: str
    event_id: str
    type: str
    time_at: int | None
    data: Mapping[str, str]
    text: str
    body_hash: bytes


made_event: Final[
    Callable[
        [tuple[EventName, str, str, str, str, int | None, Mapping[str, str], str, bytes]],
        UsageEvent,
    ]
] = partial(tuple.__new__, UsageEvent)
"""The event of its fields; a third of the time that UsageEvent(...) takes."""


class EventOutcome(IntEnum):
    """What became of an event, as the contract numbers it."""

    ACCEPTED = 1
    DUPLICATE = 2
    CONFLICT = 3
    REJECTED = 4


class RefusalReason(IntEnum):
    """Why an event was not taken in, as the contract numbers it."""

    CONFLICT = 1
    MALFORMED = 2
    MALFORMED_VALUE = 3
    UNKNOWN_ACCOUNT = 4
    UNKNOWN_TYPE = 5
    IN_FUTURE = 6
    TOO_OLD = 7
    TOTAL_TOO_LARGE = 8


class EventRefusal(NamedTuple):
    """Why the event at a place of a batch was not taken in.

    `field` is empty where it is the event as a whole.
    """

    place: int
    reason: RefusalReason
    field: str
    message: str


def event_key_of(source: str, event_id: str) -> bytes:
    """What an event is known by for ever within its account."""
    return key_of(event_id, key_text(source, event_id))


def body_hash_of(event_type: str, time_at: int | None, data: Mapping[str, str]) -> bytes:
    """What tells two events of one key apart: the same for the same body, in any order of data."""
    text = data_text({name: data[name] for name in sorted(data)})
    return digest_of(body_text(event_type, time_at, text))


def key_text(source: str, event_id: str) -> str:
    """What an event is known by, as one text."""
    return f"{source}{APART}{event_id}"


def key_of(event_id: str, text: str) -> bytes:
    """The key of an event of an id and a key text: the digest tells it from all others."""
    return event_id.encode()[:_ID_BYTES] + digest_of(text)


def data_text(data: Mapping[str, str]) -> str:
    """The properties of an event as JSON, in a quarter of the time that `json.dumps` takes."""
    quoted = encode_basestring
    return f"{{{','.join([f'{quoted(name)}:{quoted(value)}' for name, value in data.items()])}}}"


def body_text(event_type: str, time_at: int | None, text: str) -> str:
    """All that an event says but its key, as one text; its data in the order of their names."""
    return f"{event_type}{APART}{'' if time_at is None else time_at}{APART}{text}"


def digest_of(text: str) -> bytes:
    """What stands for a text; to ask for a short digest takes twice as long as to cut one."""
    return blake2b(text.encode()).digest()[:_HASH_BYTES]
