"""What billing's word does: expiry, stop, end of the stop, deletion; on both stores."""

import pytest

from provisioning_service.domain.errors import AccountUnpaid
from provisioning_service.domain.instance import DeletionReason
from provisioning_service.domain.programme import Programme
from tests.provisioning.builders import Service, at


def stopped_account(service: Service) -> None:
    """An account with a subscribed instance, stopped since 11 April."""
    service.integrator()
    service.subscribed("one")
    service.go_to("2026-04-11 08:00")
    service.stop_unpaid("2026-04-11")


def test_expiry_is_what_billing_says(service: Service) -> None:
    """The account's expiry is shown of each instance that is subscribed."""
    service.integrator()
    service.subscribed("one")
    service.expires("2026-05-10", "2026-04-01")
    assert service.shown("one") == "ACTIVE 2026-05-10"


def test_a_stop_holds_from_its_due_time(service: Service) -> None:
    """A stop that is heard of late is in force since 00:00 of day 11."""
    stopped_account(service)
    told = service.events()[-1]
    assert (service.shown("one"), told.effective_at, told.record_at) == (
        "ACTIVE UNPAID 2026-04-10",
        at("2026-04-11"),
        at("2026-04-11 08:00"),
    )


def test_a_stop_covers_what_was_accepted_meanwhile(service: Service) -> None:
    """An instance created between the stop and word of it is stopped since its creation."""
    service.integrator()
    service.subscribed("one")
    service.go_to("2026-04-11 06:00")
    service.create(instance="late")
    service.clock.advance_to(at("2026-04-11 08:00"))
    service.stop_unpaid("2026-04-11")
    stops = [each.effective_at for each in service.events() if "InstanceStopped" in each.type]
    assert (service.shown("late"), stops) == (
        "TRIAL UNPAID",
        [at("2026-04-11 06:00"), at("2026-04-11")],
    )


def test_a_stop_covers_all_kinds_of_life(service: Service) -> None:
    """Trials and running-out instances stop, INACTIVE ones do not run anyway."""
    service.integrator()
    service.go_to("2026-04-10 12:00")
    for name in ("trial", "running-out"):
        service.create(instance=name)
    service.subscribe("running-out")
    service.cancel("running-out")
    service.create(instance="inactive", rung=0)
    service.go_to("2026-04-11 00:00")
    service.stop_unpaid("2026-04-11")
    assert [service.shown(name).split()[:2] for name in ("trial", "running-out", "inactive")] == [
        ["TRIAL", "UNPAID"],
        ["CANCELLING", "UNPAID"],
        ["INACTIVE"],
    ]


def test_an_unpaid_account_creates_nothing(service: Service) -> None:
    """While it is stopped an account creates nothing, and is told what to pay."""
    stopped_account(service)
    with pytest.raises(AccountUnpaid, match="invoices/inv-1"):
        service.create()


def test_a_refused_creation_costs_no_quota(service: Service) -> None:
    """What an unpaid account is refused takes nothing from its token."""
    stopped_account(service)
    used = service.token(1).token.creations_used
    service.fill(3)
    assert service.token(1).token.creations_used == used


def test_an_unpaid_account_subscribes_nothing(service: Service) -> None:
    """While it is stopped an account subscribes nothing."""
    service.integrator()
    service.go_to("2026-04-10 12:00")
    service.create(instance="one")
    service.go_to("2026-04-11")
    service.stop_unpaid("2026-04-11")
    with pytest.raises(AccountUnpaid):
        service.subscribe("one")


def test_an_unpaid_account_may_cancel(service: Service) -> None:
    """A cancellation is legal while the account is stopped."""
    stopped_account(service)
    service.cancel("one")
    assert service.shown("one").startswith("CANCELLING UNPAID")


def test_payment_takes_the_stop_back(service: Service) -> None:
    """Once paid, instances run and creations are served again."""
    stopped_account(service)
    service.lift_stop()
    service.expires("2026-05-10")
    service.create()
    assert service.shown("one") == "ACTIVE 2026-05-10"


def test_payment_takes_back_its_own_stop_only(service: Service) -> None:
    """A trial that ended stays stopped when the account pays."""
    service.integrator()
    service.go_to("2026-04-09 12:00")
    service.create(instance="trial")
    service.go_to("2026-04-11 13:00")
    service.stop_unpaid("2026-04-11")
    service.lift_stop()
    assert service.shown("trial") == "TRIAL TRIAL_ENDED"


def test_a_second_word_of_the_stop_changes_nothing(service: Service) -> None:
    """A stop for another invoice adds no event."""
    stopped_account(service)
    seen = len(service.events())
    service.stop_unpaid("2026-04-11")
    assert service.told(after=seen) == []


def test_deletion_takes_all(service: Service) -> None:
    """Ordered deletion takes every instance, INACTIVE ones too, since its due time."""
    stopped_account(service)
    service.lift_stop()
    service.create(instance="trial")
    service.create(instance="inactive", rung=0)
    service.stop_unpaid("2026-04-11")
    service.go_to("2026-04-13 07:00")
    service.clock.advance_to(at("2026-04-15 13:00"))
    service.delete_unpaid("2026-04-15 12:00")
    one = service.instance("one")
    assert (service.instances(), one.deletion_reason, one.deleted_at) == (
        [],
        DeletionReason.UNPAID,
        at("2026-04-15 12:00"),
    )


def test_deletion_leaves_nothing_to_happen(service: Service) -> None:
    """A deleted account's instances have no timers left."""
    service.integrator()
    service.go_to("2026-04-14 12:00")
    for name in ("trial", "running-out"):
        service.create(instance=name)
    service.subscribe("running-out")
    service.cancel("running-out")
    service.go_to("2026-04-15 12:00")
    service.delete_unpaid("2026-04-15 12:00")
    assert service.timers() == []


def test_deletion_is_never_undone(service: Service) -> None:
    """Payment after the deletion opens the account again, and brings nothing back."""
    stopped_account(service)
    service.go_to("2026-04-15 12:00")
    service.delete_unpaid("2026-04-15 12:00")
    service.lift_stop()
    service.create(instance="new")
    assert [each.id for each in service.instances()] == ["new"]


def test_a_deleted_account_stays_unpaid(service: Service) -> None:
    """After the deletion nothing is created until the account pays."""
    stopped_account(service)
    service.go_to("2026-04-15 12:00")
    service.delete_unpaid("2026-04-15 12:00")
    with pytest.raises(AccountUnpaid):
        service.create()


# --- what is paid in advance --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reaches", "shown"), [(False, "ACTIVE 2026-05-20"), (True, "ACTIVE UNPAID 2026-05-20")]
)
def test_prepaid_instances_are_spared_by_setting(
    service: Service, shown: str, *, reaches: bool
) -> None:
    """The programme says whether a stop reaches what stayed prepaid."""
    service.account()
    service.take_over("one", "2026-05-20")
    service.enrol(programme=Programme(licences_min=1, unpaid_reaches_prepaid=reaches))
    service.go_to("2026-04-11")
    service.stop_unpaid("2026-04-11")
    assert service.shown("one") == shown


def migrated(service: Service) -> None:
    """A migrated instance, paid through 20 April, beside a subscribed one."""
    service.account()
    service.take_over("paid", "2026-04-20")
    service.enrol(migrate=True)
    service.subscribed("one")
    service.expires("2026-04-10", "2026-03-01")
    service.go_to("2026-04-11")
    service.stop_unpaid("2026-04-11")


def test_a_migrated_one_is_spared_while_it_is_paid(service: Service) -> None:
    """A stop does not shorten what a migrated instance has paid in advance."""
    migrated(service)
    assert (service.shown("paid"), service.shown("one").split()[1]) == (
        "ACTIVE 2026-04-20",
        "UNPAID",
    )


def test_a_migrated_one_is_reached_afterwards(service: Service) -> None:
    """After its date a migrated instance is stopped if the account still is."""
    migrated(service)
    service.go_to("2026-04-25")
    assert (service.shown("paid").split()[1], service.events()[-1].effective_at) == (
        "UNPAID",
        at("2026-04-21"),
    )


def test_a_migrated_one_is_deleted_afterwards(service: Service) -> None:
    """After its date a migrated instance follows a deletion that was not paid off."""
    migrated(service)
    service.go_to("2026-04-15 12:00")
    service.delete_unpaid("2026-04-15 12:00")
    spared = service.shown("paid")
    service.go_to("2026-04-25")
    assert (spared, service.instance("paid").deleted_at) == (
        "ACTIVE 2026-04-20",
        at("2026-04-21"),
    )


def test_a_migrated_one_survives_what_was_paid_off(service: Service) -> None:
    """A deletion that was paid off before its date does not reach a migrated instance."""
    migrated(service)
    service.go_to("2026-04-15 12:00")
    service.delete_unpaid("2026-04-15 12:00")
    service.lift_stop()
    service.go_to("2026-04-25")
    assert service.shown("paid").split()[0] == "ACTIVE"


def test_a_late_word_reaches_a_migrated_one_from_its_date(service: Service) -> None:
    """A stop heard of after a migrated instance's date holds since that date."""
    service.account()
    service.take_over("paid", "2026-04-20")
    service.enrol(migrate=True)
    service.go_to("2026-04-25")
    service.stop_unpaid("2026-04-11")
    assert service.events()[-1].effective_at == at("2026-04-21")
