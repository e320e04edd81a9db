"""Entities as rows, and rows as entities."""

from typing import Any

from provisioning_service.domain.account import Account
from provisioning_service.domain.instance import (
    DeletionReason,
    Instance,
    InstanceState,
    PaymentType,
    StopReason,
)
from provisioning_service.domain.programme import Integrator
from provisioning_service.domain.sandbox import Sandbox
from provisioning_service.domain.standing import Standing
from provisioning_service.domain.token import Token, TokenStatus
from provisioning_service.storage.programme_text import from_text, to_text

# Looked up rather than called: an enum's call costs more than all the rest of a row.
_STATES = {each.value: each for each in InstanceState}
_STOPS = {each.name: each for each in StopReason}
_PAYMENTS = {each.value: each for each in PaymentType}
_STATUSES = {each.value: each for each in TokenStatus}


def account_to_row(account: Account) -> dict[str, Any]:
    """The row of an account."""
    return {name: getattr(account, name) for name in Account.__slots__}


def account_from_row(row: Any) -> Account:
    """The account of a row."""
    return Account(**row._mapping)


def integrator_to_row(integrator: Integrator) -> dict[str, Any]:
    """The row of an enrolment."""
    return {
        "account": integrator.account,
        "programme": to_text(integrator.programme),
        "prepaid_migrated": integrator.prepaid_migrated,
        "enrolled_at": integrator.enrolled_at,
        "version": integrator.version,
    }


def integrator_from_row(row: Any) -> Integrator:
    """The enrolment of a row."""
    return Integrator(
        account=row.account,
        programme=from_text(row.programme),
        prepaid_migrated=row.prepaid_migrated,
        enrolled_at=row.enrolled_at,
        version=row.version,
    )


def token_to_row(token: Token) -> dict[str, Any]:
    """The row of a token."""
    row = token._asdict()
    row["status"] = token.status.value
    row["secret_hash"] = token.secret_hash or None
    row["previous_secret_hash"] = token.previous_secret_hash or None
    return row


def token_from_row(row: Any) -> Token:
    """The token of a row."""
    kept = dict(row._mapping)
    kept["status"] = _STATUSES[kept["status"]]
    kept["secret_hash"] = bytes(kept["secret_hash"] or b"")
    kept["previous_secret_hash"] = bytes(kept["previous_secret_hash"] or b"")
    return Token(**kept)


def instance_to_row(instance: Instance) -> dict[str, Any]:
    """The row of an instance."""
    row = instance._asdict()
    reason = instance.deletion_reason
    row["state"] = instance.state.value
    row["stop_reasons"] = " ".join(each.name for each in instance.stop_reasons)
    row["payment_type"] = instance.payment_type.value
    row["deletion_reason"] = None if reason is None else reason.value
    return row


def instance_from_row(row: Any) -> Instance:
    """The instance of a row."""
    kept = dict(row._mapping)
    reason = kept["deletion_reason"]
    kept["state"] = _STATES[kept["state"]]
    kept["stop_reasons"] = tuple(_STOPS[name] for name in kept["stop_reasons"].split())
    kept["payment_type"] = _PAYMENTS[kept["payment_type"]]
    kept["deletion_reason"] = None if reason is None else DeletionReason(reason)
    return Instance(**kept)


def standing_to_row(standing: Standing) -> dict[str, Any]:
    """The row of a standing."""
    return {name: getattr(standing, name) for name in Standing.__slots__}


def standing_from_row(row: Any) -> Standing:
    """The standing of a row."""
    return Standing(**row._mapping)


def sandbox_to_row(sandbox: Sandbox) -> dict[str, Any]:
    """The row of a sandbox."""
    return {name: getattr(sandbox, name) for name in Sandbox.__slots__}


def sandbox_from_row(row: Any) -> Sandbox:
    """The sandbox of a row."""
    return Sandbox(**row._mapping)
