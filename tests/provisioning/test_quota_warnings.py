"""Warnings of a quota nearly used, on both stores, and what the contract says of warnings."""

import asyncio

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from pospago.billing.v1 import events_pb2 as billing_events
from pospago.provisioning.v1 import event_service_pb2, events_pb2, integrator_pb2

from chassis.entry import PeerEvent
from provisioning_service.clients.billing_feed import submission_of
from provisioning_service.domain.token import (
    Rung,
    issued_at_once,
    requested,
    with_quota_warning,
)
from provisioning_service.use_cases.change_token import ROTATE_TOKEN, ChangeToken
from provisioning_service.use_cases.create_instance import CREATE_INSTANCE
from provisioning_service.use_cases.update_integrator import UPDATE_INTEGRATOR, UpdateIntegrator
from tests.provisioning.builders import DAY, START_AT, Service, secret
from tests.provisioning.calling import Served, new_id

QUOTA = "TokenQuotaWarning"


def update(service: Service, **changes: object) -> None:
    service.do(UPDATE_INTEGRATOR, UpdateIntegrator("acme", changes, ""))


def warned_at(service: Service) -> list[int]:
    """How much of the quota was used when each warning was told."""
    return [
        events_pb2.TokenQuotaWarning.FromString(each.payload).token.creations_used
        for each in service.events()
        if each.type.endswith(QUOTA)
    ]


# --- the rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("creations_max", "used", "percent", "is_due"),
    [
        (25, 19, 80, False),
        (25, 20, 80, True),
        (25, 21, 80, True),
        (25, 25, 80, True),
        (25, 24, 100, False),
        (25, 25, 100, True),
        (25, 25, 0, False),
        (0, 1_000_000, 80, False),
        (1, 0, 1, False),
        (1, 1, 80, True),
        (3, 2, 67, False),
        (3, 2, 66, True),
        (1_000_000_000, 799_999_999, 80, False),
        (1_000_000_000, 800_000_000, 80, True),
    ],
)
def test_warning_is_due(creations_max: int, used: int, percent: int, *, is_due: bool) -> None:
    """From the first use that is at least so many percent of a limited quota."""
    rung = Rung(creations_max, 1)
    issued = issued_at_once(requested("acme", 1, rung, START_AT), secret("x"), START_AT)
    token = issued._replace(creations_used=used)
    assert with_quota_warning(token, percent).quota_warned == is_due


# --- on both stores ------------------------------------------------------------------------------


def test_20th_creation_of_25_warns(service: Service) -> None:
    """At 80 percent the 20th creation tells the warning, and no other does."""
    service.integrator()
    for _ in range(25):
        service.create()
    assert warned_at(service) == [20]


@pytest.mark.parametrize(("asked", "told"), [(19, []), (20, [20]), (25, [20]), (60, [20])])
def test_batch_warns_once(service: Service, asked: int, told: list[int]) -> None:
    """Within one batch, too, it is the 20th creation that warns."""
    service.integrator()
    service.fill(asked)
    assert warned_at(service) == told


def test_warning_comes_before_used_up(service: Service) -> None:
    """A quota of one is warned of, and then told used up."""
    service.integrator(ladder=(Rung(1, 1), Rung(0, 2)))
    seen = len(service.events())
    service.create()
    assert service.told(after=seen) == ["InstanceCreated", QUOTA, "TokenUsedUp"]


def test_warning_names_token_and_percentage(service: Service) -> None:
    """The event holds the token as it is after the creation, and the percentage."""
    service.integrator(quota_warning_percent=40)
    service.fill(10)
    (told,) = [each for each in service.events() if each.type.endswith(QUOTA)]
    message = events_pb2.TokenQuotaWarning.FromString(told.payload)
    assert (message.token.name, message.token.creations_used, message.percent) == (
        "accounts/acme/tokens/1",
        10,
        40,
    )


def test_each_token_warns(service: Service) -> None:
    """Every rung that has a limit warns once, and the last one never."""
    service.integrator()
    for rung, count in ((1, 25), (2, 25), (3, 50), (4, 60)):
        if rung > 1:
            service.request(rung=rung)
        service.fill(count, rung=rung)
    assert warned_at(service) == [20, 20, 40]


def test_percentage_0_warns_never(service: Service) -> None:
    """Who wants no warning gets none."""
    service.integrator(quota_warning_percent=0)
    service.fill(25)
    assert warned_at(service) == []


def test_refused_creation_warns_of_nothing(service: Service) -> None:
    """A creation that is refused brings no use, and no warning."""
    service.integrator()
    service.fill(19)
    service.do_all(CREATE_INSTANCE, [service.creation(trial_length_us=31 * DAY)])
    assert warned_at(service) == []


def test_rotated_token_does_not_warn_again(service: Service) -> None:
    """A new secret begins no new quota, nor a new warning."""
    service.integrator()
    service.fill(20)
    service.do(ROTATE_TOKEN, ChangeToken("acme", 1, secret("new"), b""))
    service.create(secret_hash=secret("new").hash)
    assert warned_at(service) == [20]


@pytest.mark.parametrize(
    "changes",
    [
        {"ladder": (Rung(100, 1), Rung(0, 2))},
        {"quota_warning_percent": 90},
        {"quota_warning_percent": 70},
    ],
)
def test_changed_programme_does_not_repeat_a_warning(
    service: Service, changes: dict[str, object]
) -> None:
    """A token is warned of once, whatever becomes of its quota or of the percentage."""
    service.integrator()
    service.fill(20)
    update(service, **changes)
    service.fill(80)
    assert warned_at(service) == [20]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ladder": (Rung(15, 1), Rung(0, 2))}, [15]),
        ({"ladder": (Rung(18, 1), Rung(0, 2))}, [15]),
        ({"ladder": (Rung(19, 1), Rung(0, 2))}, []),
        ({"quota_warning_percent": 60}, [15]),
        ({"quota_warning_percent": 61}, []),
        ({"quota_warning_percent": 0}, []),
    ],
)
def test_changed_programme_loses_no_warning(
    service: Service, changes: dict[str, object], told: list[int]
) -> None:
    """What a new programme makes due is told with the change itself."""
    service.integrator()
    service.fill(15)
    update(service, **changes)
    assert warned_at(service) == told


def test_changed_programme_moves_a_warning(service: Service) -> None:
    """A larger quota is warned of at its own 80 percent."""
    service.integrator()
    service.fill(19)
    update(service, ladder=(Rung(50, 1), Rung(0, 2)))
    service.fill(31)
    assert warned_at(service) == [40]


def test_warning_switched_on_late_is_told_at_once(service: Service) -> None:
    """A percentage given to a programme that had none finds what is used already."""
    service.integrator(quota_warning_percent=0)
    service.fill(22)
    update(service, quota_warning_percent=80)
    assert warned_at(service) == [22]


async def test_parallel_creations_warn_once(provisioning_on_each: Served) -> None:
    """Forty creations at once on a token of 25 tell one warning, of the 20th."""
    acme = await provisioning_on_each.integrator()
    await asyncio.gather(*(acme.create() for _ in range(40)), return_exceptions=True)
    request = event_service_pb2.ListEventsRequest(account="accounts/acme", page_size=1000)
    page = await acme.events.ListEvents(request)
    told = [
        events_pb2.TokenQuotaWarning.FromString(each.payload.value).token.creations_used
        for each in page.events
        if each.payload.TypeName().endswith(QUOTA)
    ]
    assert told == [20]


# --- the contract -------------------------------------------------------------------------------


async def test_programme_tells_its_warnings(provisioning: Served) -> None:
    """What an enrolment does not say of warnings is told as the default."""
    await provisioning.operator.create_account()
    told = (await provisioning.operator.enrol()).integrator.programme
    assert (told.quota_warning_percent, told.trial_warning.seconds) == (80, 12 * 3600)


async def test_warnings_can_be_switched_off(provisioning: Served) -> None:
    """A stated 0 is no default: neither warning is told."""
    await provisioning.operator.create_account()
    off = integrator_pb2.Programme(quota_warning_percent=0, trial_warning=Duration())
    told = (await provisioning.operator.enrol(programme=off)).integrator.programme
    assert (told.quota_warning_percent, told.trial_warning.seconds) == (0, 0)


async def test_warnings_are_changed_by_mask(provisioning: Served) -> None:
    """Either warning can be changed alone."""
    await provisioning.integrator()
    request = integrator_pb2.UpdateIntegratorRequest(
        integrator=integrator_pb2.Integrator(
            name="accounts/acme/integrator",
            programme=integrator_pb2.Programme(
                quota_warning_percent=50, trial_warning=Duration(seconds=60)
            ),
        ),
        update_mask=FieldMask(paths=["programme.quota_warning_percent"]),
        request_id=new_id(),
    )
    told = (await provisioning.operator.integrators.UpdateIntegrator(request)).integrator.programme
    assert (told.quota_warning_percent, told.trial_warning.seconds) == (50, 12 * 3600)


@pytest.mark.parametrize(
    "message",
    [
        billing_events.InvoiceDueSoon(invoice="accounts/acme/invoices/inv-1"),
        billing_events.AccountStopAhead(account="accounts/acme"),
        billing_events.AccountDeletionAhead(account="accounts/acme"),
    ],
)
def test_billings_warnings_change_nothing_here(message: object) -> None:
    """What billing only warns of is not carried out."""
    event = PeerEvent(
        source="billing",
        seq=1,
        account="acme",
        effective_at=START_AT,
        type=message.DESCRIPTOR.full_name,  # type: ignore[attr-defined]
        payload=message.SerializeToString(),  # type: ignore[attr-defined]
        submission=None,
    )
    assert submission_of(event) is None
