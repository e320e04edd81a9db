"""What the provisioning service's events amount to in billing."""

import pytest
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from pospago.event.v1 import event_pb2
from pospago.provisioning.v1 import events_pb2 as pb
from pospago.provisioning.v1.account_pb2 import Account
from pospago.provisioning.v1.instance_pb2 import Instance
from pospago.provisioning.v1.sandbox_pb2 import Sandbox
from pospago.provisioning.v1.token_pb2 import Token

from billing_service.clients.introspection import REMEMBERED_SECONDS
from billing_service.clients.provisioning_feed import ProvisioningFeed
from billing_service.domain.subscription import FactKind
from billing_service.use_cases.follow_account import FollowAccount, OpenSandbox
from billing_service.use_cases.follow_instance import FollowInstance
from chassis.caller import Caller, CallerKind
from chassis.entry import PeerEvent
from chassis.parking import NotePeerParking
from chassis.rpc.authentication import RememberedCallers
from tests.billing.builders import at, day
from tests.billing.serving import stamp

NOW = at("2026-03-10 12:00")
INSTANCE = Instance(name="accounts/acme/instances/a", band=2)
ACCOUNT = Account(
    name="accounts/acme",
    display_name="Acme",
    time_zone="America/Sao_Paulo",
    sandbox="sandboxes/toy",
)


class Keeper:
    """Knows everybody as acme's integrator, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked_count = 0

    async def find(self, _secret: str, secret_hash: bytes) -> Caller:
        self.asked_count += 1
        return Caller(CallerKind.INTEGRATOR, "acme", "acme", secret_hash=secret_hash)


def event(message: Message) -> PeerEvent:
    return PeerEvent(
        source="provisioning",
        seq=1,
        account="acme",
        effective_at=NOW,
        type=message.DESCRIPTOR.full_name,
        payload=message.SerializeToString(),
        submission=None,
    )


def command_of(message: Message) -> object:
    """The command that an event amounts to; None if it is nothing to billing."""
    feed = ProvisioningFeed(RememberedCallers(Keeper(), 1.0))
    submission = feed.submission_of(event(message))
    return submission.command if submission else None


def follow(kind: FactKind, **more: object) -> FollowInstance:
    values = {"plan": "", "band": 2} | more
    return FollowInstance("acme", "a", kind, NOW, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "command"),
    [
        (
            pb.AccountCreated(account=ACCOUNT),
            FollowAccount("acme", "toy", "America/Sao_Paulo", "Acme"),
        ),
        (
            pb.AccountUpdated(account=ACCOUNT),
            FollowAccount("acme", "toy", "America/Sao_Paulo", "Acme"),
        ),
        (
            pb.SandboxCreated(sandbox=Sandbox(name="sandboxes/toy", clock_time=stamp(NOW))),
            OpenSandbox("toy", NOW),
        ),
        (
            pb.InstanceSubscribed(instance=INSTANCE, plan="plans/integrator"),
            follow(FactKind.SUBSCRIBED, plan="integrator"),
        ),
        (
            pb.InstanceMigrated(
                instance=INSTANCE,
                plan="plans/integrator",
                first_billed_month=Date(year=2026, month=6, day=1),
            ),
            follow(FactKind.MIGRATED, plan="integrator", first_billed_month=day("2026-06-01")),
        ),
        (pb.InstanceCancelled(instance=INSTANCE), follow(FactKind.CANCELLED)),
        (pb.InstanceCancellationWithdrawn(instance=INSTANCE), follow(FactKind.RESUMED)),
        (pb.InstanceDeleted(instance=INSTANCE), follow(FactKind.ENDED)),
        (event_pb2.AccountParked(account="accounts/acme"), NotePeerParking("acme", parked=True)),
        (event_pb2.AccountUnparked(account="accounts/acme"), NotePeerParking("acme", parked=False)),
        (pb.InstanceCreated(instance=INSTANCE), None),
        (pb.InstanceStopped(instance=INSTANCE), None),
        (pb.InstanceTrialEnding(instance=INSTANCE, trial_end_time=stamp(NOW)), None),
        (pb.TokenIssued(token=Token(name="accounts/acme/tokens/1")), None),
        (pb.TokenQuotaWarning(token=Token(name="accounts/acme/tokens/1"), percent=80), None),
    ],
)
def test_event_amounts_to_a_command(message: Message, command: object) -> None:
    """Each event that concerns billing is a command of its own; the others are nothing."""
    assert command_of(message) == command


@pytest.mark.parametrize(
    ("message", "asked_count"),
    [
        (pb.TokenRotated(token=Token(name="accounts/acme/tokens/1")), 2),
        (pb.TokenRevoked(token=Token(name="accounts/acme/tokens/1")), 2),
        (pb.TokenQuotaWarning(token=Token(name="accounts/acme/tokens/1")), 1),
        (pb.TokenUsedUp(token=Token(name="accounts/acme/tokens/1")), 1),
    ],
)
async def test_ended_secret_is_forgotten_at_once(message: Message, asked_count: int) -> None:
    """A rotation or revocation makes billing ask again for that account's callers."""
    keeper = Keeper()
    callers = RememberedCallers(keeper, 3600.0)
    await callers.find("secret", b"hash")
    ProvisioningFeed(callers).submission_of(event(message))
    await callers.find("secret", b"hash")
    assert keeper.asked_count == asked_count


async def test_old_secret_is_served_a_second_at_most_after_its_end() -> None:
    """When an overlap ends no event tells it: what is remembered of the old secret is short."""
    keeper = Keeper()
    seconds = iter([0.0, 0.999, 1.0])
    callers = RememberedCallers(keeper, REMEMBERED_SECONDS, lambda: next(seconds))
    asked = []
    for _ in range(3):
        await callers.find("old", b"hash")
        asked.append(keeper.asked_count)
    assert asked == [1, 1, 2]
