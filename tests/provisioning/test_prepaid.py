"""Prepaid instances: taken over, migrated at enrolment, ended, cancelled; on both stores."""

from datetime import date

import pytest

from chassis.errors import AccountNotFound
from provisioning_service.domain.errors import (
    AlreadyEnrolled,
    InstanceAlreadyExists,
    PaidThroughPast,
)
from provisioning_service.domain.instance import InstanceState, PaymentType
from provisioning_service.domain.programme import Programme
from tests.provisioning.builders import OPEN_PROGRAMME, Service, at


def migrated(service: Service, paid_through: str) -> None:
    """An account with one prepaid instance, enrolled and taken along."""
    service.account()
    service.take_over("one", paid_through)
    service.enrol(migrate=True)


def test_a_prepaid_instance_runs_to_its_date(service: Service) -> None:
    """What is taken over is ACTIVE and expires on the date paid through."""
    service.account()
    service.take_over("one", "2026-03-20")
    assert service.shown("one") == "ACTIVE 2026-03-20"


@pytest.mark.parametrize(("day", "refused"), [("2026-03-01", True), ("2026-03-02", False)])
def test_the_date_may_not_be_past(service: Service, day: str, *, refused: bool) -> None:
    """Today is the earliest date that an instance can be paid through."""
    service.account()
    if refused:
        with pytest.raises(PaidThroughPast):
            service.take_over("one", day)
    else:
        assert service.take_over("one", day).expires_on == date(2026, 3, 2)


def test_an_enrolled_account_takes_nothing_over(service: Service) -> None:
    """Once enrolled, instances are created with a token."""
    service.integrator()
    with pytest.raises(AlreadyEnrolled):
        service.take_over("one", "2026-03-20")


def test_an_id_is_taken_over_once(service: Service) -> None:
    """The same instance cannot be taken over twice."""
    service.account()
    service.take_over("one", "2026-03-20")
    with pytest.raises(InstanceAlreadyExists):
        service.take_over("one", "2026-03-21")


def test_an_unknown_account_takes_nothing_over(service: Service) -> None:
    """An instance needs an account."""
    with pytest.raises(AccountNotFound):
        service.take_over("one", "2026-03-20")


def test_what_is_not_taken_along_stops_after_its_date(service: Service) -> None:
    """A prepaid instance stops at the first instant after its date, and nothing deletes it."""
    service.account()
    service.take_over("one", "2026-03-20")
    service.enrol()
    service.go_to("2027-03-20")
    assert (service.shown("one"), service.events()[-1].effective_at) == (
        "ACTIVE PREPAID_ENDED 2026-03-20",
        at("2026-03-21"),
    )


def test_a_cancelled_prepaid_instance_runs_out(service: Service) -> None:
    """A cancelled prepaid instance is deleted after its date."""
    service.account()
    service.take_over("one", "2026-03-20")
    service.cancel("one")
    before = service.shown("one")
    service.go_to("2026-03-21")
    assert (before, service.shown("one")) == ("CANCELLING 2026-03-20", "DELETED 2026-03-20")


def test_a_prepaid_cancellation_can_be_withdrawn(service: Service) -> None:
    """Subscribing a running-out prepaid instance gives it its date's stop back."""
    service.account()
    service.take_over("one", "2026-03-20")
    service.cancel("one")
    service.subscribe("one")
    assert (service.shown("one"), service.timers()) == (
        "ACTIVE 2026-03-20",
        [("prepaid_end", "one", at("2026-03-21"))],
    )


def test_an_ended_prepaid_instance_is_gone_when_cancelled(service: Service) -> None:
    """Past its date a prepaid instance has nothing left to run out."""
    service.account()
    service.take_over("one", "2026-03-20")
    service.go_to("2026-03-25")
    seen = len(service.events())
    gone = service.cancel("one").instance
    assert (gone.state, service.told(after=seen)) == (
        InstanceState.DELETED,
        ["InstanceCancelled", "InstanceDeleted"],
    )


@pytest.mark.parametrize(
    ("paid_through", "first_billed"),
    [("2026-05-20", date(2026, 6, 1)), ("2026-05-31", date(2026, 6, 1))],
)
def test_a_migrated_one_is_billed_from_the_month_after(
    service: Service, paid_through: str, first_billed: date
) -> None:
    """The first billed month is the one after the month that is paid for."""
    migrated(service, paid_through)
    one = service.instance("one")
    assert (one.payment_type, one.band, one.first_billed_month) == (
        PaymentType.POSTPAY,
        1,
        first_billed,
    )


def test_migration_takes_no_quota(service: Service) -> None:
    """What comes along costs no creation."""
    migrated(service, "2026-05-20")
    assert service.token(1).token.creations_used == 0


def test_migration_takes_all_that_are_active(service: Service) -> None:
    """All active prepaid instances come along, and no cancelled or ended one."""
    service.account()
    for name, day in (("a", "2026-03-31"), ("b", "2026-05-31"), ("c", "2026-03-31")):
        service.take_over(name, day)
    service.take_over("d", "2026-03-02")
    service.cancel("c")
    service.go_to("2026-03-03")
    count = service.enrol(migrate=True, programme=Programme(licences_min=3)).migrated_count
    billed = [each.id for each in service.instances() if each.is_migrated]
    assert (count, billed) == (2, ["a", "b"])


def test_a_migrated_one_never_expires_before_its_date(service: Service) -> None:
    """The account's expiry does not shorten what is paid in advance."""
    migrated(service, "2026-05-20")
    service.expires("2026-04-10")
    assert service.shown("one") == "ACTIVE 2026-05-20"


def test_a_migrated_one_follows_the_account_afterwards(service: Service) -> None:
    """After its date a migrated instance expires with the account."""
    migrated(service, "2026-05-20")
    service.go_to("2026-06-02")
    service.expires("2026-07-10")
    assert service.shown("one") == "ACTIVE 2026-07-10"


def test_cancelled_before_its_first_billed_month(service: Service) -> None:
    """A migrated instance cancelled before it is billed runs to the date paid through."""
    migrated(service, "2026-05-20")
    service.go_to("2026-05-10")
    service.cancel("one")
    assert (service.shown("one"), service.timers()) == (
        "CANCELLING 2026-05-20",
        [("cancelled_end", "one", at("2026-05-21"))],
    )


def test_cancelled_between_its_date_and_its_first_billed_month(service: Service) -> None:
    """In the rest of the month that is paid for, nothing is left to run out."""
    migrated(service, "2026-05-20")
    service.go_to("2026-05-25")
    assert service.cancel("one").instance.state is InstanceState.DELETED


def test_cancelled_in_its_first_billed_month(service: Service) -> None:
    """From its first billed month on a migrated instance is cancelled like any other."""
    migrated(service, "2026-05-20")
    service.go_to("2026-06-02")
    service.cancel("one")
    assert service.shown("one") == "CANCELLING 2026-07-10"


def test_the_migrated_band_is_a_setting(service: Service) -> None:
    """The programme says in which band prepaid instances come along."""
    service.account()
    service.take_over("one", "2026-05-20")
    service.enrol(migrate=True, programme=Programme(licences_min=1, migrated_band=3))
    assert service.instance("one").band == 3


def test_migration_is_a_choice(service: Service) -> None:
    """Unasked, prepaid instances stay prepaid."""
    service.account()
    service.take_over("one", "2026-05-20")
    service.enrol(programme=OPEN_PROGRAMME)
    assert service.instance("one").payment_type is PaymentType.PREPAY
