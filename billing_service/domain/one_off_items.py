"""What one-off charges put on the next invoice of whoever pays for their accounts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from billing_service.domain.charge import AccountToRate, ChargeKey, OfPlan, RatedItem
from billing_service.domain.item_rate import ItemRate
from billing_service.domain.one_off_charge import OneOffCharge, rated_charges
from billing_service.domain.rating import RatedPrice

# The item of each one-off charge; its subscription is the charge's id behind a mark that no id of
# a subscription has, so that it is the charge of none.
ONE_OFF_ITEM: Final = "one-off"
ONE_OFF_MARK: Final = "~"


def propose_one_offs(
    accounts: Iterable[AccountToRate],
    charges: Iterable[OneOffCharge],
    *,
    names: Mapping[str, str],
    payer: str,
) -> list[RatedItem]:
    """The pending charges of the months that are closed or are to be, by account and day.

    Shapes:  `charges` with all that share the service periods of pending ones; `names` is what
             people call the accounts; `payer` needs no name.
    """
    by_account: dict[str, list[OneOffCharge]] = {}
    for each in charges:
        by_account.setdefault(each.account, []).append(each)
    return [
        item
        for to_rate in accounts
        for item in _proposed(to_rate, by_account.get(to_rate.account.account, ()), names, payer)
    ]


def one_off_id(subscription: str) -> str:
    """The id of the one-off charge that a charge key's subscription tells; '' if it tells none."""
    return subscription.removeprefix(ONE_OFF_MARK) if subscription[:1] == ONE_OFF_MARK else ""


def one_off_key(charge: OneOffCharge) -> ChargeKey:
    """The key under which a one-off charge is charged."""
    return ChargeKey(
        charge.account, ONE_OFF_MARK + charge.charge_id, ONE_OFF_ITEM, charge.charged_on
    )


def _proposed(
    to_rate: AccountToRate, charges: Iterable[OneOffCharge], names: Mapping[str, str], payer: str
) -> Iterator[RatedItem]:
    account = to_rate.account.account
    subject = "" if account == payer else names.get(account) or account
    for each, rated in rated_charges(charges):
        if each.month <= to_rate.through_month:
            yield _item(each, rated, subject)


def _item(charge: OneOffCharge, rated: RatedPrice, subject: str) -> RatedItem:
    card = charge.rate_card
    rate = ItemRate(
        plan=card.plan if card else "",
        plan_version=card.plan_version if card else 0,
        band=card.band if card else 0,
        position=card.position if card else 0,
        tax_category=charge.tax_category,
        rated=rated,
        is_agreed=True,
    )
    told = OfPlan(period_end_on=charge.period_end_on, subject=subject, one_off=charge)
    return RatedItem(one_off_key(charge), rate, charge.month, told)
