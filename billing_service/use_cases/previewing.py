"""Holds a change against its preview: what it follows from is the same, or named."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from billing_service.domain.account import BillingProfile
from billing_service.domain.change_errors import PreviewOutdated
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.previewed import Previewed, digest, lines_digest
from billing_service.domain.subscription import Subscription
from billing_service.storage.facts import Facts
from billing_service.use_cases.rating import first_issuer


def preview_of(
    facts: Facts,
    before: Subscription,
    issued: Sequence[IssuedInvoice],
    *,
    plans: Iterable[str],
    at: int,
) -> Previewed:
    """What a change of a subscription follows from, and what it makes due at once."""
    account = before.account
    return Previewed(
        instant_at=at,
        subscription="/".join((*before.key, before.etag)),
        catalogue=digest(_catalogue(facts, account, sorted(plans))),
        profile=digest(_profiles(facts, account)),
        lines=lines_digest(issued),
    )


def check_previewed(previewed: Previewed, found: Previewed) -> None:
    """Refuse a change that is not what was previewed.

    Errors:  PreviewOutdated, with the fact that changed.
    """
    changed = previewed.changed_since(found)
    if changed is not None:
        account, subscription_id, _ = found.subscription.split("/")
        raise PreviewOutdated(account, subscription_id, changed)


def _catalogue(facts: Facts, account: str, plans: Sequence[str]) -> Iterator[object]:
    """What prices the plans for an account: versions are only added, price changes too."""
    for plan in plans:
        yield (plan, len(facts.plans[plan].versions))
    for key, change in sorted(facts.price_changes.items()):
        if change.account == account and change.plan in plans:
            yield (key, change)


def _profiles(facts: Facts, account: str) -> Iterator[object]:
    """What decides how an account is invoiced, and by whom."""
    payer = facts.profiles[account].paid_by
    for each in dict.fromkeys((account, payer)):
        profile = facts.profiles[each]
        yield (_as_invoiced(profile), len(facts.terms[profile.terms_id].versions))
        if profile.tax_profile:
            yield len(facts.tax_profiles[profile.tax_profile].versions)
    issuer = first_issuer(facts, payer)
    yield (issuer.issuer_id, issuer.version) if issuer else None


@lru_cache(maxsize=1_000)
def _as_invoiced(profile: BillingProfile) -> str:
    """A profile as far as invoices follow from it, as one text."""
    return repr(profile.as_invoiced)
