"""When service ends: of an instance as things stand, and at most, once it is cancelled."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from provisioning_service.domain.civil import month_after, month_of_instant
from provisioning_service.domain.instance import Instance, InstanceState, PaymentType
from provisioning_service.domain.standing import Standing


@dataclass(frozen=True, slots=True)
class Service:
    """What the end of an account's service depends on beside its instances."""

    zone: ZoneInfo
    last_service_day: int
    standing: Standing

    def last_day_paid_by(self, month: date) -> date:
        """The last day of service that paying for `month` brings."""
        return month_after(month).replace(day=self.last_service_day)


def expiry_shown(instance: Instance, service: Service) -> date | None:
    """The last day of service of an instance as things stand; None where none is in sight."""
    if instance.payment_type is PaymentType.PREPAY:
        return instance.paid_through_on
    match instance.state:
        case InstanceState.ACTIVE:
            return _latest(_account_expiry(instance, service), instance.paid_through_on)
        case InstanceState.CANCELLING if instance.cap_on is not None and not instance.expiry_fixed:
            expiry = service.standing.expires_on or instance.cap_on
            return _latest(min(expiry, instance.cap_on), instance.paid_through_on)
        case InstanceState.CANCELLING:
            return instance.cap_on
        case _:
            return None


def cap_of_cancelled(instance: Instance, cancelled_at: int, service: Service) -> date:
    """The last day of service that an instance cancelled now can reach.

    Day 10 of the month after L, the last month with a subscribed instant; one cancelled at the
    very first instant of a month was not subscribed in it. A prepaid one, and one taken into
    postpaid whose first billed month has not come, runs to what is paid in advance.
    """
    paid_through_on = instance.paid_through_on
    if instance.payment_type is PaymentType.PREPAY and paid_through_on is not None:
        return paid_through_on
    last_at = max(instance.last_subscribed_at or instance.created_at, cancelled_at - 1)
    last_month = month_of_instant(last_at, service.zone)
    first = instance.first_billed_month
    if first is not None and last_month < first and paid_through_on is not None:
        return paid_through_on
    cap_on = service.last_day_paid_by(last_month)
    return cap_on if paid_through_on is None else max(cap_on, paid_through_on)


def _account_expiry(instance: Instance, service: Service) -> date | None:
    """The account's expiry; where billing does not yet know the instance, what it is going to tell.

    What it told before the instance was subscribed may be later than what the new month brings.
    """
    told = service.standing.expires_on
    subscribed_at = instance.last_subscribed_at
    if subscribed_at is None or (told is not None and subscribed_at <= service.standing.told_at):
        return told
    month = month_of_instant(subscribed_at, service.zone)
    coming = service.last_day_paid_by(max(month, instance.first_billed_month or month))
    return coming if told is None else min(told, coming)


def _latest(first: date | None, second: date | None) -> date | None:
    """The later of two days, of those there are."""
    days = [day for day in (first, second) if day is not None]
    return max(days) if days else None
