"""What several use cases check first, and how they show an instance."""

from typing import Protocol

from chassis.errors import EtagMismatch
from chassis.use_case import Scope
from provisioning_service.domain.civil import zone_of
from provisioning_service.domain.expiry import Service, expiry_shown
from provisioning_service.domain.instance import Instance, InstanceView
from provisioning_service.domain.ladder import token_of_secret
from provisioning_service.domain.programme import Programme
from provisioning_service.domain.standing import Standing
from provisioning_service.storage.facts import Facts


class OfAccount(Protocol):
    """A command that concerns one account."""

    @property
    def account(self) -> str:
        """The account's id."""
        ...


class Versioned(Protocol):
    """A resource whose version is its etag."""

    @property
    def name(self) -> str:
        """The resource name."""
        ...

    @property
    def version(self) -> int:
        """Rises with every change."""
        ...


def account_scope(command: OfAccount) -> Scope:
    """The scope of a command that concerns one account."""
    return Scope(accounts=(command.account,))


def check_secret(facts: Facts, account: str, secret_hash: bytes) -> None:
    """Refuse an integrator whose secret ended since it was recognised; empty for other callers.

    Errors:  SecretNotActive.
    """
    if secret_hash:
        token_of_secret(facts.tokens_of(account), secret_hash)


def check_etag(resource: Versioned, etag: str) -> None:
    """Refuse a change of a resource that changed since its etag was read; empty is not checked.

    Errors:  EtagMismatch.
    """
    if etag and etag != str(resource.version):
        raise EtagMismatch(resource.name, str(resource.version))


def service_of(facts: Facts, account: str, standing: Standing | None = None) -> Service:
    """What the end of an account's service depends on; with another standing than it had."""
    integrator = facts.integrators.get(account)
    programme = integrator.programme if integrator else Programme()
    return Service(
        zone=zone_of(facts.account(account).time_zone),
        last_service_day=programme.last_service_day,
        standing=standing or facts.standing(account),
    )


def show(facts: Facts, instance: Instance) -> InstanceView:
    """An instance as it is shown."""
    return InstanceView(instance, expiry_shown(instance, service_of(facts, instance.account)))
