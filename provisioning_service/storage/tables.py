"""The tables of the service. Rows only: what they mean is in the domain."""

from datetime import date
from typing import Any, ClassVar, Final

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.tables import ChassisTables

_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """A row of one of this service's tables; the registry keeps them apart from other services."""


def _key() -> Any:
    return Field(primary_key=True, sa_type=String(64))


def _id() -> Any:
    return Field(sa_type=String(64))


def _word() -> Any:
    return Field(sa_type=String(80))


def _text() -> Any:
    return Field(sa_type=Text)


def _big() -> Any:
    return Field(sa_type=BigInteger)


class AccountRow(Row, table=True):
    """An account."""

    __tablename__: ClassVar[Any] = "accounts"
    __table_args__ = (
        Index("ix_accounts_sandbox_id", "sandbox", "id"),
        Index("ix_accounts_parent_id", "parent", "id"),
    )
    id: str = _key()
    display_name: str = _text()
    time_zone: str = _id()
    parent: str = _id()
    sandbox: str = _id()
    zone_fixed: bool
    created_at: int = _big()
    version: int


class IntegratorRow(Row, table=True):
    """An enrolment; `programme` is JSON text."""

    __tablename__: ClassVar[Any] = "integrators"
    account: str = _key()
    programme: str = _text()
    prepaid_migrated: bool
    enrolled_at: int = _big()
    version: int


class TokenRow(Row, table=True):
    """A token with the keyed hashes of its secret, and of the one before in its overlap.

    NULL: there is none.
    """

    __tablename__: ClassVar[Any] = "tokens"
    account: str = _key()
    rung: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    band: int
    creations_max: int = _big()
    creations_used: int = _big()
    status: str = _word()
    secret_hash: bytes | None = Field(sa_type=LargeBinary, unique=True)
    secret_hint: str = _word()
    requested_at: int = _big()
    issued_at: int | None = _big()
    version: int
    previous_secret_hash: bytes | None = Field(sa_type=LargeBinary, unique=True)
    previous_secret_hint: str = _word()
    previous_secret_expires_at: int | None = _big()
    quota_warned: bool


class InstanceRow(Row, table=True):
    """An instance; `stop_reasons` are names with spaces between, empty while it runs."""

    __tablename__: ClassVar[Any] = "instances"
    account: str = _key()
    id: str = _key()
    display_name: str = _text()
    state: str = _word()
    stop_reasons: str = _word()
    payment_type: str = _word()
    band: int
    rung: int
    paid_through_on: date | None
    first_billed_month: date | None
    cap_on: date | None
    expiry_fixed: bool
    created_at: int = _big()
    trial_end_at: int | None = _big()
    subscribed_at: int | None = _big()
    last_subscribed_at: int | None = _big()
    cancelled_at: int | None = _big()
    purge_at: int | None = _big()
    deleted_at: int | None = _big()
    deletion_reason: str | None = _word()
    version: int


class StandingRow(Row, table=True):
    """What billing told of an account."""

    __tablename__: ClassVar[Any] = "standings"
    account: str = _key()
    expires_on: date | None
    earliest_unsettled_month: date | None
    stopped_at: int | None = _big()
    deletion_ordered_at: int | None = _big()
    unpaid_invoice: str = _word()
    told_at: int = _big()
    version: int


class SandboxRow(Row, table=True):
    """A sandbox; its clock is in the chassis's `sandbox_clocks`."""

    __tablename__: ClassVar[Any] = "sandboxes"
    __table_args__ = (Index("ix_sandboxes_owner_id", "owner", "id"),)
    id: str = _key()
    display_name: str = _text()
    owner: str = _id()
    created_at: int = _big()
    advancing_from_at: int | None = _big()
    version: int


class MemberRow(Row, table=True):
    """A member with the keyed hash of its secret; NULL: it has none."""

    __tablename__: ClassVar[Any] = "members"
    account: str = _key()
    id: str = _key()
    display_name: str = _text()
    email: str = _text()
    role: str = _word()
    secret_hash: bytes | None = Field(sa_type=LargeBinary, unique=True)
    secret_hint: str = _word()
    created_at: int = _big()
    removed_at: int | None = _big()
    version: int


class PrincipalRow(Row, table=True):
    """Who is an account's principal."""

    __tablename__: ClassVar[Any] = "principals"
    account: str = _key()
    member: str = _id()
    version: int


class EntitlementsRow(Row, table=True):
    """What a subscription gives; `limits` and `features` are JSON text."""

    __tablename__: ClassVar[Any] = "entitlements"
    account: str = _key()
    subscription: str = _key()
    limits: str = _text()
    features: str = _text()
    version: int


class ResourceRow(Row, table=True):
    """Something that an account holds one of; `labels` are JSON text."""

    __tablename__: ClassVar[Any] = "resources"
    __table_args__ = (Index("ix_resources_account_kind_id", "account", "kind", "id"),)
    account: str = _key()
    id: str = _key()
    kind: str = _id()
    display_name: str = _text()
    labels: str = _text()
    state: str = _word()
    created_at: int = _big()
    removed_at: int | None = _big()
    version: int


class HeldCountRow(Row, table=True):
    """How many resources of a kind an account holds."""

    __tablename__: ClassVar[Any] = "held_counts"
    account: str = _key()
    kind: str = _key()
    used: int = _big()
    version: int


METADATA: Final = Row.metadata
CHASSIS: Final = ChassisTables(METADATA)
ACCOUNTS: Final = METADATA.tables["accounts"]
INTEGRATORS: Final = METADATA.tables["integrators"]
TOKENS: Final = METADATA.tables["tokens"]
INSTANCES: Final = METADATA.tables["instances"]
STANDINGS: Final = METADATA.tables["standings"]
SANDBOXES: Final = METADATA.tables["sandboxes"]
MEMBERS: Final = METADATA.tables["members"]
PRINCIPALS: Final = METADATA.tables["principals"]
ENTITLEMENTS: Final = METADATA.tables["entitlements"]
RESOURCES: Final = METADATA.tables["resources"]
HELD_COUNTS: Final = METADATA.tables["held_counts"]
