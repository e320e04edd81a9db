"""Requests that nobody would send: random bytes, damaged messages, extreme values, odd metadata."""

import base64
import random
import string
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import EncodeError, Message

from tests.suite.contracts import rpcs
from tests.suite.requests import sample
from tests.suite.rich_requests import RICH, rich_request

STEPS_MAX: Final = 3
DEPTH_MAX: Final = 4
DEPTH_ALIKE: Final = 2
_INT32: Final = (-(2**31), -1, 0, 1, 28, 1000, 1001, 2**31 - 1)
_INT64: Final = (*_INT32, -(2**63), -62_135_596_801, 253_402_300_800, 2**53, 2**62, 2**63 - 1)
_TEXTS: Final = (
    "",
    "-",
    "a",
    "A",
    "nul\0nul",
    "line\nline",
    "\u202eright to left",
    "ação 💥",
    "\ufffe\U0010ffff",
    "١٢",
    "'; DROP TABLE accounts; --",
    "{number}{0}%s%n",
    "../../etc",
    "x" * 63,
    "x" * 64,
    "é" * 200,
    "x" * 20_000,
    "accounts/-",
    "accounts/target",
    "accounts/target/billingProfile",
    "accounts/target/instances/one",
    "accounts/target/tokens/00",
    "sandboxes/lab",
    "plans/nothing",
    "display_name",
    "programme.ladder",
    "time_zone.x",
    "Etc/GMT-14",
    "America/Sao_Paulo/..",
    "BRL",
    "JPY",
    "99999999999999999999",
    "00000000-0000-4000-8000-000000000000",
    base64.urlsafe_b64encode(b"\0" * 24).decode(),
)

# Texts that a decimal may hold, or that look like one.
_DECIMALS: Final = (
    *("", "0", "-0", "+1", "-1", "1.", ".5", "1e3", "1E+6", " 1", "1 ", "1_000", "1,5", "0x10"),
    *("--1", "1e", "e1", "NaN", "-sNaN123", "Infinity", "-Inf", "١٢", "１", "²", "1\n", "1e1.5"),
    *("1e999999999", "-1e999999999", "1e-999999999", "1e9999999999999999999", "1e28", "1e-28"),
    *("1000000000000", "1000000000000.01", "1000000000000000", "1000000000000000.1", "10000000001"),
    *("0.000000000001", "0.0000000000001", "0.000000001", "0.0000000001", "100", "100.0000000001"),
    *("9" * 29, "9" * 200, "9" * 20_000, "0." + "0" * 200 + "1", "1" + "0" * 15 + "." + "0" * 5000),
    *("-100", "-99.999999", "1000", "1000.000001", "0.9999999", "99999999999999999999"),
)


def damaged_request(draw: random.Random, rpc: str, names: Mapping[str, str]) -> bytes:
    """A request of an rpc that is damaged in one of many ways, as bytes."""
    return draw.choices(_WAYS, weights=_WEIGHTS)[0](draw, rpc, names)


def extreme_requests(rpc: str, names: Mapping[str, str]) -> Iterator[bytes]:
    """A good request for each field and each value that is hard to take, with only that changed."""
    for path in _leaves(rpcs()[rpc].method.input_type, ()):
        if path[-1].name == "request_id":
            continue
        # Parts of an address are many and alike: a quarter of the values each.
        for value in _extremes(path[-1])[:: 4 if len(path) > DEPTH_ALIKE else 1]:
            request = sample(rpc, **names)
            _set(request, path, value)
            yield bytes(request.SerializeToString())


def extreme_rich_requests(
    draw: random.Random, rpc: str, names: Mapping[str, str], *, values_max: int
) -> Iterator[bytes]:
    """A rich request for each field that is set in it and some values that are hard to take."""
    for place in range(sum(1 for _ in _set_fields(rich_request(rpc, names)))):
        _, field, _ = _set_field(rich_request(rpc, names), place)
        if field.name == "request_id":
            continue
        values = _extremes(field)
        for value in draw.sample(values, min(values_max, len(values))):
            request = rich_request(rpc, names)
            holder, _, index = _set_field(request, place)
            if index is None:
                setattr(holder, field.name, value)
            else:
                getattr(holder, field.name)[index] = value
            yield bytes(request.SerializeToString())


def odd_metadata(draw: random.Random) -> tuple[tuple[str, str], ...]:
    """Metadata that a service reads, with values that it cannot expect."""
    printable = "".join(draw.choices(string.printable[:94] + " ", k=draw.randrange(80))).strip()
    values = (
        printable,
        "Bearer",
        "Bearer " + printable,
        "bearer pspg_op_" + printable,
        "Basic YWRtaW46YWRtaW4=",
        "Bearer " + "x" * 3000,
        "provisioning/1/0",
        "billing/1/0",
        "billing/-1/" + "9" * 30,
        "nowhere/1/1",
        "///",
        "00-" + "f" * 32 + "-" + "f" * 16 + "-01",
        "00-" + "0" * 32 + "-" + "0" * 16 + "-ff",
    )
    keys = ("authorization", "pospago-after", "traceparent", "tracestate", "x-request-id")
    return tuple((draw.choice(keys), draw.choice(values)) for _ in range(draw.randint(1, 9)))


# --- ways to damage a request -----------------------------------------------------------------

Way = Callable[[random.Random, str, Mapping[str, str]], bytes]


def _random_bytes(draw: random.Random, _rpc: str, _names: Mapping[str, str]) -> bytes:
    return draw.randbytes(draw.choice((0, 1, 2, 8, 64, 4096)))


def _flipped(draw: random.Random, rpc: str, names: Mapping[str, str]) -> bytes:
    """Some bits of a good request turned over."""
    payload = bytearray(_good(draw, rpc, names).SerializeToString())
    for _ in range(draw.randint(1, 4)):
        if payload:
            payload[draw.randrange(len(payload))] ^= 1 << draw.randrange(8)
    return bytes(payload)


def _cut(draw: random.Random, rpc: str, names: Mapping[str, str]) -> bytes:
    payload = _good(draw, rpc, names).SerializeToString()
    return payload[: draw.randrange(len(payload) + 1)]


def _of_another_rpc(draw: random.Random, rpc: str, names: Mapping[str, str]) -> bytes:
    """A request of another rpc, or a good one with another's fields behind."""
    other = bytes(sample(draw.choice(sorted(rpcs())), **names).SerializeToString())
    return other if draw.random() < 0.5 else _good(draw, rpc, names).SerializeToString() + other


def _deep(draw: random.Random, rpc: str, names: Mapping[str, str]) -> bytes:
    """A good request with messages nested in an unknown field, deeper than parsers go."""
    depth = draw.choice((10, 99, 101, 5000))
    nested = b"\xa3\x06" * depth + (b"\xa4\x06" * depth if draw.random() < 0.5 else b"")
    return _good(draw, rpc, names).SerializeToString() + nested


def _extreme(draw: random.Random, rpc: str, names: Mapping[str, str]) -> bytes:
    """A request with some fields at, or past, the ends of their range."""
    request = _good(draw, rpc, names)
    for _ in range(draw.randint(1, STEPS_MAX)):
        _distort(draw, request, DEPTH_MAX)
    try:
        return request.SerializeToString()
    except (EncodeError, ValueError):
        return b""


def _repeated(_draw: random.Random, rpc: str, names: Mapping[str, str]) -> bytes:
    """A good request whose id was used before."""
    request: Any = sample(rpc, **names)
    if rpcs()[rpc].field("request_id") is not None:
        request.request_id = str(uuid.UUID(int=4 << 76 | 8 << 60))
    return bytes(request.SerializeToString())


_WAYS: Final[tuple[Way, ...]] = (
    _random_bytes,
    _flipped,
    _cut,
    _of_another_rpc,
    _deep,
    _extreme,
    _repeated,
)
_WEIGHTS: Final = (5, 15, 5, 8, 3, 60, 4)


def _good(draw: random.Random, rpc: str, names: Mapping[str, str]) -> Message:
    """A well-formed request, most often about things that are there."""
    named = names if draw.random() < 0.85 else {}
    rich = rpc in RICH and draw.random() < 0.5
    request: Message = rich_request(rpc, named) if rich else sample(rpc, **named)
    return request


def _distort(draw: random.Random, message: Message, depth: int) -> None:
    """Give one field of a message, or of a message in it, a value that is hard to take."""
    fields: Any = message.DESCRIPTOR.fields
    if not fields:
        return
    field = draw.choice(fields)
    if field.name == "request_id" and draw.random() < 0.9:
        return
    holder: Any = message
    if field.is_repeated:
        _distort_repeated(draw, getattr(holder, field.name), field, depth)
    elif field.message_type is not None:
        inner: Message = getattr(holder, field.name)
        if draw.random() < 0.1:
            holder.ClearField(field.name)
        elif depth > 0:
            inner.SetInParent()
            _distort(draw, inner, depth - 1)
    else:
        setattr(holder, field.name, _value(draw, field))


def _distort_repeated(draw: random.Random, values: Any, field: FieldDescriptor, depth: int) -> None:
    if draw.random() < 0.1:
        values.clear()
        return
    for _ in range(draw.choice((1, 1, 1, 2, 40))):
        if _is_map(field):
            values[draw.choice((*values, *_TEXTS))] = _value(draw, field)
        elif field.message_type is None:
            values.append(_value(draw, field))
        elif depth > 0:
            _distort(draw, values.add(), depth - 1)


def _value(draw: random.Random, field: FieldDescriptor) -> Any:
    return draw.choice(_extremes(field))


def _extremes(field: FieldDescriptor) -> tuple[Any, ...]:
    """The values of a field's type that are hard to take; of a map, those of its values."""
    if _is_map(field):
        return (*_TEXTS, *_DECIMALS)
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            return _DECIMALS if field.full_name == "google.type.Decimal.value" else _TEXTS
        case FieldDescriptor.CPPTYPE_BOOL:
            return (False, True)
        case FieldDescriptor.CPPTYPE_INT64:
            return _INT64
        case FieldDescriptor.CPPTYPE_INT32:
            return (*_INT32, 999_999_999)
        case FieldDescriptor.CPPTYPE_ENUM:
            return (0, 1, 2, 99, -1, 2**31 - 1)
        case _:
            raise AssertionError(f"no request has a field like {field.full_name}")


def _is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map; all that there are lead from text to text."""
    return bool(field.message_type is not None and field.message_type.GetOptions().map_entry)


def _leaves(
    message: Descriptor, path: tuple[FieldDescriptor, ...]
) -> Iterator[tuple[FieldDescriptor, ...]]:
    """The ways from a message to each field that is no message itself."""
    for field in message.fields:
        if field.message_type is None or _is_map(field):
            yield (*path, field)
        elif len(path) < DEPTH_MAX:
            yield from _leaves(field.message_type, (*path, field))


def _set(message: Any, path: tuple[FieldDescriptor, ...], value: Any) -> None:
    """Set the field at the end of a path; of a repeated field on the way, its first element."""
    for field in path[:-1]:
        message = getattr(message, field.name)
        if field.is_repeated:
            message = message[0] if len(message) else message.add()
        else:
            message.SetInParent()
    if _is_map(path[-1]):
        values = getattr(message, path[-1].name)
        values[next(iter(values), "count")] = value
    elif path[-1].is_repeated:
        getattr(message, path[-1].name).append(value)
    else:
        setattr(message, path[-1].name, value)


SetField = tuple[Any, FieldDescriptor, int | str | None]


def _set_field(message: Message, place: int) -> SetField:
    return next(each for at, each in enumerate(_set_fields(message)) if at == place)


def _set_fields(message: Message) -> Iterator[SetField]:
    """Each field that is set in a message, or in one inside it, and is no message itself."""
    for field, content in message.ListFields():
        values = content if field.is_repeated else [content]
        for index, value in enumerate(values):
            if _is_map(field):
                yield message, field, value  # its key
            elif field.message_type is not None:
                yield from _set_fields(value)
            else:
                yield message, field, index if field.is_repeated else None
