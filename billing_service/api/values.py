"""Instants, days, money, addresses and masks, to and from the contract's messages."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal as ProtoDecimal
from google.type.money_pb2 import Money
from google.type.postal_address_pb2 import PostalAddress as ProtoAddress
from pospago.billing.v1 import invoice_pb2

from billing_service.domain.money import units_and_nanos
from billing_service.domain.party import NO_ADDRESS, Party, PostalAddress
from chassis.errors import FieldImmutable, FieldViolation, InvalidField
from chassis.rpc.names import NamePattern

YEAR_MIN: Final = 1970
YEAR_MAX: Final = 2199
PARTS_MAX: Final = 20
PART_LENGTH_MAX: Final = 200
DECIMAL_LENGTH_MAX: Final = 64

PROFILE: Final = NamePattern("accounts/{account}/billingProfile")
SUBSCRIPTION: Final = NamePattern("accounts/{account}/subscriptions/{subscription}")
INSTANCE: Final = NamePattern("accounts/{account}/instances/{instance}")
INVOICE: Final = NamePattern("accounts/{account}/invoices/{invoice}")
PAYMENT: Final = NamePattern("accounts/{account}/payments/{payment}")
PAYMENT_REQUEST: Final = NamePattern("accounts/{account}/paymentRequests/{payment_request}")
CREDIT_NOTE: Final = NamePattern("accounts/{account}/creditNotes/{credit_note}")
CREDIT: Final = NamePattern("accounts/{account}/credits/{credit}")
ISSUER: Final = NamePattern("issuers/{issuer}")
TERMS: Final = NamePattern("terms/{terms}")
PLAN: Final = NamePattern("plans/{plan}")
METER: Final = NamePattern("meters/{meter}")
PRICE_CHANGE: Final = NamePattern("accounts/{account}/priceChanges/{price_change}")
TAX_PROFILE: Final = NamePattern("taxProfiles/{tax_profile}")
REVIEW: Final = NamePattern("accounts/{account}/reviews/{review}")
ONE_OFF_CHARGE: Final = NamePattern("accounts/{account}/oneOffCharges/{one_off_charge}")
COUPON: Final = NamePattern("coupons/{coupon}")
RESERVATION: Final = NamePattern("accounts/{account}/reservations/{reservation}")
USAGE_GUARD: Final = NamePattern(
    "accounts/{account}/subscriptions/{subscription}/usageGuards/{price}"
)

_SECOND_US: Final = 1_000_000
_UNITS_MAX: Final = 2**63 - 1
_DECIMAL: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_ADDRESS_WORDS: Final = (
    "region_code",
    "language_code",
    "postal_code",
    "sorting_code",
    "administrative_area",
    "locality",
    "sublocality",
    "organization",
)


def to_proto_timestamp(instant_at: int | None) -> Timestamp | None:
    """An instant as the contract tells it; None stays unset."""
    if instant_at is None:
        return None
    seconds, micros = divmod(instant_at, _SECOND_US)
    return Timestamp(seconds=seconds, nanos=micros * 1000)


def from_proto_timestamp(timestamp: Timestamp) -> int:
    """The instant of a timestamp, in microseconds; finer parts are cut off."""
    return timestamp.seconds * _SECOND_US + timestamp.nanos // 1000


def to_proto_date(day: date | None) -> Date | None:
    """A civil day as the contract tells it; None stays unset."""
    return None if day is None else Date(year=day.year, month=day.month, day=day.day)


def from_proto_date(message: Date, field: str) -> date:
    """The civil day of a message; InvalidField, naming `field`, if there is no such day."""
    try:
        day = date(message.year, message.month, message.day)
    except ValueError:
        raise InvalidField(FieldViolation(field, "is no day of the calendar")) from None
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        text = f"must lie from {YEAR_MIN} to {YEAR_MAX}"
        raise InvalidField(FieldViolation(field, text))
    return day


def from_proto_month(message: Date, field: str) -> date:
    """The month of any day in it, as its first day."""
    return from_proto_date(message, field).replace(day=1)


def to_proto_money(amount_minor: int, currency: str) -> Money:
    """An amount as the contract tells it."""
    units, nanos = units_and_nanos(amount_minor, currency)
    return Money(currency_code=currency, units=units, nanos=nanos)


def to_proto_money_if_held(amount_minor: int, currency: str) -> Money | None:
    """The same of what no bound keeps small; None for more than the message holds."""
    units, nanos = units_and_nanos(amount_minor, currency)
    if units > _UNITS_MAX:
        return None
    return Money(currency_code=currency, units=units, nanos=nanos)


def to_proto_decimal(value: object) -> ProtoDecimal:
    """An exact decimal as the contract tells it."""
    return ProtoDecimal(value=f"{value:f}")


def from_proto_decimal(message: ProtoDecimal, field: str) -> Decimal:
    """The exact decimal of a message; InvalidField, naming `field`, if it states none."""
    if len(message.value) > DECIMAL_LENGTH_MAX or not _DECIMAL.fullmatch(message.value):
        text = f"is no decimal number of up to {DECIMAL_LENGTH_MAX} characters, such as 8.5"
        raise InvalidField(FieldViolation(field, text))
    return Decimal(message.value)


def to_proto_address(address: PostalAddress) -> ProtoAddress | None:
    """An address as the contract tells it; one without parts stays unset."""
    if address == NO_ADDRESS:
        return None
    words = {name: getattr(address, name) for name in _ADDRESS_WORDS}
    return ProtoAddress(address_lines=address.address_lines, recipients=address.recipients, **words)


def from_proto_address(message: ProtoAddress, field: str) -> PostalAddress:
    """The address of a message; InvalidField, naming `field`, if it is longer than any."""
    words: dict[str, Any] = {name: getattr(message, name) for name in _ADDRESS_WORDS}
    parts = [*words.values(), *message.address_lines, *message.recipients]
    lists_max = max(len(message.address_lines), len(message.recipients))
    if lists_max > PARTS_MAX or any(len(part) > PART_LENGTH_MAX for part in parts):
        text = f"has more than {PARTS_MAX} lines, or a part of over {PART_LENGTH_MAX} characters"
        raise InvalidField(FieldViolation(field, text))
    return PostalAddress(
        address_lines=tuple(message.address_lines), recipients=tuple(message.recipients), **words
    )


def to_proto_party(party: Party) -> invoice_pb2.Party:
    """A legal entity as the contract tells it."""
    return invoice_pb2.Party(
        name=party.name,
        legal_name=party.legal_name,
        registration_number=party.registration_number,
        address=to_proto_address(party.address),
    )


def fields_to_change(
    paths: Iterable[str], changeable: Sequence[str], prefix: str
) -> tuple[str, ...]:
    """The fields that an update mask names; all changeable ones if it names none.

    Errors:  FieldImmutable, with the path under `prefix`.
    """
    named = set(paths)
    for path in sorted(named - set(changeable)):
        raise FieldImmutable(f"{prefix}.{path}", tuple(changeable))
    return tuple(name for name in changeable if not named or name in named)


def bare_id(pattern: NamePattern, name: str, field: str) -> str:
    """The id in a name of one id; empty for an empty name."""
    return pattern.parse(name, field)[0] if name else ""
