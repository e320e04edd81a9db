"""Warnings of a trial about to end, on both stores."""

import pytest
from pospago.provisioning.v1 import events_pb2

from provisioning_service.use_cases.suspend_instance import SUSPEND_INSTANCE, SuspendInstance
from provisioning_service.use_cases.update_integrator import UPDATE_INTEGRATOR, UpdateIntegrator
from tests.provisioning.builders import HOUR, START_AT, Service, at

ENDING = "InstanceTrialEnding"


def endings(service: Service) -> list[tuple[int, int]]:
    """When each trial's warning took effect, and the end of which it told."""
    return [
        (
            each.effective_at,
            events_pb2.InstanceTrialEnding.FromString(each.payload).trial_end_time.ToMicroseconds(),
        )
        for each in service.events()
        if each.type.endswith(ENDING)
    ]


def trace(service: Service, after: int) -> list[tuple[str, int]]:
    """What took effect when, of the events after a number."""
    return [
        (each.type.rpartition(".")[2], each.effective_at) for each in service.events(after=after)
    ]


def test_trial_warns_12_hours_before_its_end(service: Service) -> None:
    """Half a day before a trial of two days ends, the warning names its end."""
    service.integrator()
    service.create(instance="one")
    service.go_to("2026-03-03 21:00")
    assert endings(service) == [(at("2026-03-03 21:00"), at("2026-03-04 09:00"))]


def test_trial_warns_not_earlier(service: Service) -> None:
    """A microsecond before, nothing is told."""
    service.integrator()
    service.create(instance="one")
    service.go_to("2026-03-03 20:59:59.999999")
    assert endings(service) == []


def test_warned_trial_ends_as_ever(service: Service) -> None:
    """After its warning a trial stops at its end and lapses a day later."""
    service.integrator()
    service.create(instance="one")
    seen = len(service.events())
    service.go_to("2026-03-03 21:00")
    service.go_to("2026-03-05 09:00")
    assert trace(service, seen) == [
        (ENDING, at("2026-03-03 21:00")),
        ("InstanceStopped", at("2026-03-04 09:00")),
        ("InstanceDeleted", at("2026-03-05 09:00")),
    ]


def test_warning_found_late_is_told_while_it_helps(service: Service) -> None:
    """A service that was away tells the warning, dated, as long as the trial goes on."""
    service.integrator()
    service.create(instance="one")
    service.go_to("2026-03-04 08:59:59")
    assert endings(service) == [(at("2026-03-03 21:00"), at("2026-03-04 09:00"))]


def test_trial_that_has_ended_is_not_warned_of(service: Service) -> None:
    """A service that was away past a trial's end stops it, and warns of nothing."""
    service.integrator()
    service.create(instance="one")
    seen = len(service.events())
    service.go_to("2026-03-04 09:00")
    assert trace(service, seen) == [("InstanceStopped", at("2026-03-04 09:00"))]


@pytest.mark.parametrize("length", [1, HOUR, 12 * HOUR])
def test_shorter_trial_warns_at_once(service: Service, length: int) -> None:
    """A trial no longer than the warning's lead is warned of as it is created, and once."""
    service.integrator()
    service.create(instance="one", trial_length_us=length)
    service.go_to("2026-03-10")
    assert endings(service) == [(START_AT, START_AT + length)]


def test_trial_just_longer_waits_for_its_warning(service: Service) -> None:
    """A microsecond more than the lead is waited for."""
    service.integrator()
    service.create(instance="one", trial_length_us=12 * HOUR + 1)
    assert (endings(service), service.timers()) == ([], [("trial_warning", "one", START_AT + 1)])


def test_lead_0_warns_never(service: Service) -> None:
    """Who wants no warning gets none, and the trial ends all the same."""
    service.integrator(trial_warning_us=0)
    service.create(instance="one")
    service.create(instance="short", trial_length_us=1)
    service.go_to("2026-03-04 09:00")
    assert (endings(service), service.shown("one")) == ([], "TRIAL TRIAL_ENDED")


def test_subscribed_trial_is_not_warned_of(service: Service) -> None:
    """Nothing ends for an instance that is subscribed."""
    service.integrator()
    service.subscribed("one")
    service.go_to("2026-03-03 21:00")
    assert endings(service) == []


def test_cancelled_trial_is_not_warned_of(service: Service) -> None:
    """A trial that was cancelled is gone before its warning."""
    service.integrator()
    service.create(instance="one")
    service.cancel("one")
    service.go_to("2026-03-03 21:00")
    assert endings(service) == []


def test_deleted_trial_is_not_warned_of(service: Service) -> None:
    """A trial deleted for non-payment is gone before its warning."""
    service.integrator()
    service.create(instance="one")
    service.delete_unpaid("2026-03-02 09:00")
    service.go_to("2026-03-03 21:00")
    assert endings(service) == []


def test_suspended_trial_is_warned_of(service: Service) -> None:
    """An operator's stop does not lengthen a trial, so its end is still warned of."""
    service.integrator()
    service.create(instance="one")
    service.do(SUSPEND_INSTANCE, SuspendInstance("acme", "one", "", "noise"))
    service.go_to("2026-03-03 21:00")
    assert len(endings(service)) == 1


def test_changed_lead_holds_for_later_trials(service: Service) -> None:
    """A trial keeps the lead under which it was created."""
    service.integrator()
    service.create(instance="one")
    change = UpdateIntegrator("acme", {"trial_warning_us": HOUR}, "")
    service.do(UPDATE_INTEGRATOR, change)
    service.create(instance="two")
    service.go_to("2026-03-04 08:00")
    assert [instant for instant, _ in endings(service)] == [
        at("2026-03-03 21:00"),
        at("2026-03-04 08:00"),
    ]
