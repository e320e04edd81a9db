"""Accounts: who is who."""

from dataclasses import dataclass, replace

from provisioning_service.domain.civil import known_zone
from provisioning_service.domain.errors import ParentInOtherSandbox, TimeZoneFixed


@dataclass(frozen=True, slots=True)
class Account:
    """A company that the suite provisions and bills.

    `parent` and `sandbox` are empty where there is none. `zone_fixed` once anything of it was
    subscribed, used or taken over as paid.
    """

    id: str
    display_name: str
    time_zone: str
    parent: str
    sandbox: str
    zone_fixed: bool
    created_at: int
    version: int

    @property
    def name(self) -> str:
        """The resource name."""
        return f"accounts/{self.id}"


def check_parent(parent: Account, *, sandbox: str) -> None:
    """Refuse a parent that lives in another world than `sandbox`."""
    if parent.sandbox != sandbox:
        raise ParentInOtherSandbox(parent.name, parent.sandbox, sandbox)


def with_display_name(account: Account, display_name: str) -> Account:
    """The account under another display name."""
    if display_name == account.display_name:
        return account
    return replace(account, display_name=display_name, version=account.version + 1)


def with_time_zone(account: Account, time_zone: str) -> Account:
    """The account in another zone, which it may change while nothing was subscribed."""
    if time_zone == account.time_zone:
        return account
    known_zone(time_zone, field="account.time_zone")
    if account.zone_fixed:
        raise TimeZoneFixed(account.name, account.time_zone)
    return replace(account, time_zone=time_zone, version=account.version + 1)


def with_zone_kept(account: Account, time_zone: str) -> Account:
    """The account in the zone in which billing reckons already, whatever it was changed to."""
    if time_zone == account.time_zone:
        return account
    return replace(account, time_zone=time_zone, version=account.version + 1)


def with_zone_fixed(account: Account) -> Account:
    """The account once something of it was subscribed or used."""
    if account.zone_fixed:
        return account
    return replace(account, zone_fixed=True, version=account.version + 1)
