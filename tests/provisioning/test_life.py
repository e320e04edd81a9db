"""An instance's life: trials, subscriptions, cancellations and operators' stops, on both stores."""

import pytest

from chassis.errors import EtagMismatch
from provisioning_service.domain.errors import IllegalTransition, InstanceNotFound
from provisioning_service.domain.instance import DeletionReason, InstanceState
from provisioning_service.domain.programme import CancelledExpiry
from provisioning_service.use_cases.suspend_instance import (
    RESUME_INSTANCE,
    SUSPEND_INSTANCE,
    ResumeInstance,
    SuspendInstance,
)
from tests.provisioning.builders import DAY, Service, at

SUSPEND = SuspendInstance("acme", "one", "", "late night noise")
RESUME = ResumeInstance("acme", "one", "")


def last_event(service: Service) -> tuple[str, int]:
    event = service.events()[-1]
    return event.type.rpartition(".")[2], event.effective_at


# --- trials -------------------------------------------------------------------------------------


def test_a_trial_stops_at_its_end(service: Service) -> None:
    """Two days after its creation a trial stops, to the microsecond."""
    service.integrator()
    service.create(instance="one")
    service.go_to("2026-03-04 09:00")
    assert (service.shown("one"), last_event(service)) == (
        "TRIAL TRIAL_ENDED",
        ("InstanceStopped", at("2026-03-04 09:00")),
    )


def test_a_lapsed_trial_is_deleted(service: Service) -> None:
    """A day after its end a trial is deleted, whenever somebody looks."""
    service.integrator()
    service.create(instance="one")
    service.go_to("2026-03-20 00:00")
    gone = service.instance("one")
    assert (gone.state, gone.deletion_reason, gone.deleted_at) == (
        InstanceState.DELETED,
        DeletionReason.TRIAL_LAPSED,
        at("2026-03-05 09:00"),
    )


def test_a_command_sees_what_was_due_before_it(service: Service) -> None:
    """A command first does what is due on its account, so a lapsed trial cannot be subscribed."""
    service.integrator()
    service.create(instance="one")
    service.clock.advance_to(at("2026-03-06"))
    with pytest.raises(IllegalTransition):
        service.subscribe("one")


def test_a_trial_tells_when_it_will_be_deleted(service: Service) -> None:
    """The time of deletion by itself is shown from the first."""
    service.integrator()
    made = service.create().instance
    assert made.purge_at == made.created_at + 3 * DAY


def test_a_cancelled_trial_is_gone_at_once(service: Service) -> None:
    """Cancelling a trial deletes it and leaves nothing to happen."""
    service.integrator()
    service.create(instance="one")
    gone = service.cancel("one").instance
    assert (gone.state, gone.deletion_reason, service.timers()) == (
        InstanceState.DELETED,
        DeletionReason.CANCELLED_BEFORE_SUBSCRIPTION,
        [],
    )


def test_an_inactive_one_can_only_be_deleted(service: Service) -> None:
    """An INACTIVE instance is deleted by cancelling it."""
    service.integrator()
    service.create(instance="one", rung=0)
    assert service.cancel("one").instance.state is InstanceState.DELETED


# --- subscriptions ------------------------------------------------------------------------------


def test_a_subscription_clears_the_trials_end(service: Service) -> None:
    """A subscribed instance goes on past the end of its trial."""
    service.integrator()
    service.subscribed("one")
    service.go_to("2026-03-20")
    assert (service.shown("one"), service.timers()) == ("ACTIVE 2026-04-10", [])


def test_a_stopped_trial_runs_again_when_subscribed(service: Service) -> None:
    """Subscribing after the trial's end and before deletion removes that stop, and tells both."""
    service.integrator()
    service.create(instance="one")
    service.go_to("2026-03-04 12:00")
    seen = len(service.events())
    service.subscribe("one")
    assert (service.shown("one"), service.told(after=seen)) == (
        "ACTIVE 2026-04-10",
        ["InstanceSubscribed", "InstanceStopLifted"],
    )


def test_a_subscription_keeps_other_stops(service: Service) -> None:
    """Subscribing removes the trial's end only."""
    service.integrator()
    service.create(instance="one")
    service.do(SUSPEND_INSTANCE, SUSPEND)
    service.go_to("2026-03-04 12:00")
    service.subscribe("one")
    assert service.shown("one") == "ACTIVE OPERATOR 2026-04-10"


def test_a_subscribed_account_keeps_its_zone(service: Service) -> None:
    """The first subscription fixes the account's zone."""
    service.integrator()
    service.subscribed("one")
    assert service.facts().account("acme").zone_fixed


@pytest.mark.parametrize(
    ("state", "command"),
    [("active", "subscribe"), ("inactive", "subscribe"), ("deleted", "subscribe")],
)
def test_what_cannot_be_subscribed(service: Service, state: str, command: str) -> None:
    """An ACTIVE, INACTIVE or DELETED instance cannot be subscribed."""
    service.integrator()
    service.create(instance="one", rung=0 if state == "inactive" else 1)
    if state == "active":
        service.subscribe("one")
    if state == "deleted":
        service.cancel("one")
    with pytest.raises(IllegalTransition, match=f"is {state.upper()}"):
        service.subscribe("one")


def test_an_old_etag_is_refused(service: Service) -> None:
    """A change by somebody else in between is noticed."""
    service.integrator()
    before = service.create(instance="one").instance
    service.subscribe("one")
    with pytest.raises(EtagMismatch):
        service.cancel("one", etag=str(before.version))


def test_an_unknown_instance_is_not_found(service: Service) -> None:
    """What was never created cannot be cancelled."""
    service.integrator()
    with pytest.raises(InstanceNotFound):
        service.cancel("one")


# --- cancellations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cancelled", "standing", "shown", "gone"),
    [
        # Cancelled in the month of the subscription: day 10 of the next, whatever is paid later.
        ("2026-03-20", "2026-04-10", "CANCELLING 2026-04-10", "2026-04-11"),
        # On day 3 of the next month, March unpaid: it can still reach day 10 of May.
        ("2026-04-03", "2026-04-10", "CANCELLING 2026-04-10", "2026-05-11"),
        # On day 3 of the next month, March paid.
        ("2026-04-03", "2026-05-10", "CANCELLING 2026-05-10", "2026-05-11"),
        # At the very first instant of April it was not subscribed in April.
        ("2026-04-01 00:00", "2026-05-10", "CANCELLING 2026-04-10", "2026-04-11"),
        # A microsecond later it was.
        ("2026-04-01 00:00:00.000001", "2026-05-10", "CANCELLING 2026-05-10", "2026-05-11"),
    ],
)
def test_a_cancelled_instance_runs_to_its_expiry(
    service: Service, cancelled: str, standing: str, shown: str, gone: str
) -> None:
    """A cancelled instance is usable to the account's expiry, never past what L pays for."""
    service.integrator()
    service.subscribed("one")
    service.go_to(cancelled)
    service.expires(standing)
    purge_at = service.cancel("one").instance.purge_at
    assert (service.shown("one"), purge_at) == (shown, at(gone))


def test_payments_move_a_cancelled_ones_expiry(service: Service) -> None:
    """A cancelled instance's expiry follows the account's, up to its cap."""
    service.integrator()
    service.subscribed("one")
    service.go_to("2026-04-03")
    service.expires("2026-04-10")
    service.cancel("one")
    service.expires("2026-06-10")
    assert service.shown("one") == "CANCELLING 2026-05-10"


def test_a_cancelled_instance_is_deleted_after_its_expiry(service: Service) -> None:
    """At the first instant after its last day a cancelled instance is deleted."""
    service.integrator()
    service.subscribed("one")
    service.cancel("one")
    service.go_to("2026-04-11")
    gone = service.instance("one")
    assert (gone.deletion_reason, gone.deleted_at, last_event(service)) == (
        DeletionReason.CANCELLED,
        at("2026-04-11"),
        ("InstanceDeleted", at("2026-04-11")),
    )


def test_subscribing_again_withdraws_the_cancellation(service: Service) -> None:
    """A running-out instance that is subscribed again goes on as if nothing had been."""
    service.integrator()
    service.subscribed("one")
    service.cancel("one")
    seen = len(service.events())
    service.subscribe("one")
    service.go_to("2026-05-01")
    assert (service.instance("one").cancelled_at, service.told(after=seen)) == (
        None,
        ["InstanceCancellationWithdrawn"],
    )


def test_a_fixed_expiry_stays(service: Service) -> None:
    """Under the other reading the expiry shown at the cancellation stays, unpaid or paid."""
    service.integrator(cancelled_expiry=CancelledExpiry.FIXED_AT_CANCELLATION)
    service.subscribed("one")
    service.go_to("2026-04-03")
    service.expires("2026-04-10")
    service.cancel("one")
    service.expires("2026-05-10")
    assert (service.shown("one"), service.timers()) == (
        "CANCELLING 2026-04-10",
        [("cancelled_end", "one", at("2026-04-11"))],
    )


def test_a_cancelled_instance_cannot_be_cancelled(service: Service) -> None:
    """A second cancellation is refused, with what can be done."""
    service.integrator()
    service.subscribed("one")
    service.cancel("one")
    with pytest.raises(IllegalTransition, match="subscribe it to withdraw"):
        service.cancel("one")


# --- operators' stops ---------------------------------------------------------------------------


def test_an_operator_stops_and_resumes(service: Service) -> None:
    """An operator's stop is shown beside the instance's life, and can be taken back."""
    service.integrator()
    service.subscribed("one")
    service.do(SUSPEND_INSTANCE, SUSPEND)
    stopped = service.shown("one")
    service.do(RESUME_INSTANCE, RESUME)
    assert (stopped, service.shown("one")) == ("ACTIVE OPERATOR 2026-04-10", "ACTIVE 2026-04-10")


def test_a_suspended_instance_cannot_be_suspended(service: Service) -> None:
    """One operator's stop is enough."""
    service.integrator()
    service.subscribed("one")
    service.do(SUSPEND_INSTANCE, SUSPEND)
    with pytest.raises(IllegalTransition):
        service.do(SUSPEND_INSTANCE, SUSPEND)


def test_a_running_instance_cannot_be_resumed(service: Service) -> None:
    """What no operator stopped, none can resume."""
    service.integrator()
    service.subscribed("one")
    with pytest.raises(IllegalTransition):
        service.do(RESUME_INSTANCE, RESUME)


def test_a_stopped_instance_can_be_cancelled(service: Service) -> None:
    """A stop does not stand in the way of a cancellation."""
    service.integrator()
    service.subscribed("one")
    service.do(SUSPEND_INSTANCE, SUSPEND)
    service.cancel("one")
    assert service.shown("one") == "CANCELLING OPERATOR 2026-04-10"
