"""What the rpcs give, by the real server and real stubs."""

import asyncio
from datetime import date

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from pospago.access.v1 import access_pb2
from pospago.event.v1 import event_pb2
from pospago.provisioning.v1 import (
    account_pb2,
    event_service_pb2,
    events_pb2,
    instance_pb2,
    integrator_pb2,
    sandbox_pb2,
    token_pb2,
)

from tests.provisioning.builders import START_AT
from tests.provisioning.calling import CODE, Served, new_id, refused

STATES = instance_pb2.Instance


async def test_an_account_is_told_as_it_is(provisioning: Served) -> None:
    """An account created is an account read."""
    made = await provisioning.operator.create_account(display_name="Acme", time_zone="Europe/Oslo")
    request = account_pb2.GetAccountRequest(name="accounts/acme")
    read = (await provisioning.operator.accounts.GetAccount(request)).account
    assert (made, read.create_time.ToMicroseconds(), read.time_zone) == (
        read,
        START_AT,
        "Europe/Oslo",
    )


async def test_accounts_are_listed_in_pages(provisioning: Served) -> None:
    """Pages of accounts follow one another without gap or overlap."""
    for number in range(5):
        await provisioning.operator.create_account(f"a{number}")
    names: list[str] = []
    token = ""
    for _ in range(3):
        request = account_pb2.ListAccountsRequest(page_size=2, page_token=token)
        page = await provisioning.operator.accounts.ListAccounts(request)
        names += [each.name for each in page.accounts]
        token = page.next_page_token
    assert (names, token) == ([f"accounts/a{number}" for number in range(5)], "")


async def test_sandboxed_accounts_are_listed_apart(provisioning: Served) -> None:
    """Accounts of a sandbox appear only where the sandbox is asked for."""
    await provisioning.operator.create_account("real")
    await provisioning.operator.create_sandbox()
    await provisioning.operator.create_account("toy", sandbox="sandboxes/box")
    listed = []
    for sandbox in ("", "sandboxes/box"):
        request = account_pb2.ListAccountsRequest(sandbox=sandbox)
        page = await provisioning.operator.accounts.ListAccounts(request)
        listed.append([each.name for each in page.accounts])
    assert listed == [["accounts/real"], ["accounts/toy"]]


async def test_a_mask_says_what_changes(provisioning: Served) -> None:
    """What the mask does not name stays."""
    await provisioning.operator.create_account(display_name="Acme", time_zone="Europe/Oslo")
    request = account_pb2.UpdateAccountRequest(
        account=account_pb2.Account(name="accounts/acme", display_name="Acme Ltda"),
        update_mask=FieldMask(paths=["display_name"]),
    )
    told = (await provisioning.operator.accounts.UpdateAccount(request)).account
    assert (told.display_name, told.time_zone) == ("Acme Ltda", "Europe/Oslo")


async def test_an_enrolment_tells_its_programme(provisioning: Served) -> None:
    """What an enrolment does not say is told as the default."""
    await provisioning.operator.create_account()
    enrolled = await provisioning.operator.enrol(
        programme=integrator_pb2.Programme(trial_length=Duration(seconds=3600))
    )
    programme = enrolled.integrator.programme
    ladder = [(rung.creations_max, rung.band) for rung in programme.ladder]
    assert (ladder, programme.trial_length.seconds, programme.plan) == (
        [(25, 1), (25, 2), (50, 3), (0, 3)],
        3600,
        "plans/integrator",
    )


async def test_a_repeated_enrolment_keeps_its_secret(provisioning: Served) -> None:
    """A secret is told once, not again to the same request."""
    await provisioning.operator.create_account()
    request = integrator_pb2.EnrolIntegratorRequest(account="accounts/acme", request_id=new_id())
    first = await provisioning.operator.integrators.EnrolIntegrator(request)
    again = await provisioning.operator.integrators.EnrolIntegrator(request)
    assert (bool(first.secret), again.secret, again.token) == (True, "", first.token)


async def test_a_programme_is_changed_field_by_field(provisioning: Served) -> None:
    """A mask of one field leaves the rest of the programme."""
    await provisioning.integrator()
    request = integrator_pb2.UpdateIntegratorRequest(
        integrator=integrator_pb2.Integrator(
            name="accounts/acme/integrator",
            programme=integrator_pb2.Programme(plan="plans/other", migrated_band=9),
        ),
        update_mask=FieldMask(paths=["programme.plan"]),
        request_id=new_id(),
    )
    told = (await provisioning.operator.integrators.UpdateIntegrator(request)).integrator
    assert (told.programme.plan, told.programme.migrated_band) == ("plans/other", 1)


async def test_enrolments_are_listed(provisioning: Served) -> None:
    """Enrolments of the real world are listed by account."""
    await provisioning.integrator("acme")
    await provisioning.integrator("beta")
    page = await provisioning.operator.integrators.ListIntegrators(
        integrator_pb2.ListIntegratorsRequest()
    )
    assert [each.name for each in page.integrators] == [
        "accounts/acme/integrator",
        "accounts/beta/integrator",
    ]


async def test_tokens_are_listed_by_state(provisioning: Served) -> None:
    """A list of tokens can be narrowed to states."""
    acme = await provisioning.integrator()
    await acme.request_token()
    request = token_pb2.ListTokensRequest(
        parent="accounts/acme", states=[token_pb2.Token.STATE_WAITING]
    )
    page = await acme.tokens.ListTokens(request)
    assert [each.name for each in page.tokens] == ["accounts/acme/tokens/2"]


async def test_tokens_are_listed_in_pages(provisioning: Served) -> None:
    """A page of one token goes on with the next."""
    acme = await provisioning.integrator()
    await acme.request_token()
    request = token_pb2.ListTokensRequest(parent="accounts/acme", page_size=1)
    first = await acme.tokens.ListTokens(request)
    request.page_token = first.next_page_token
    second = await acme.tokens.ListTokens(request)
    assert [each.rung for each in (*first.tokens, *second.tokens)] == [1, 2]


async def test_an_instance_is_told_as_it_is(provisioning: Served) -> None:
    """An instance created is an instance read."""
    acme = await provisioning.integrator()
    made = await acme.create(instance_id="one", display_name="One")
    assert (made, made.state, made.token, made.band) == (
        await acme.get(made.name),
        STATES.STATE_TRIAL,
        "accounts/acme/tokens/1",
        1,
    )


async def test_a_subscribed_instance_tells_its_expiry(provisioning: Served) -> None:
    """The last day of service of a new subscription is day 10 of the next month."""
    acme = await provisioning.integrator()
    made = await acme.create()
    told = await acme.subscribe(made.name)
    assert (told.state, told.expire_date) == (
        STATES.STATE_ACTIVE,
        Date(year=2026, month=4, day=10),
    )


async def test_instances_are_listed_by_state(provisioning: Served) -> None:
    """Deleted instances are listed only when asked for."""
    acme = await provisioning.integrator()
    for name in ("one", "two"):
        await acme.create(instance_id=name)
    await acme.cancel("accounts/acme/instances/one")
    listed = []
    for states in ([], [STATES.STATE_DELETED]):
        request = instance_pb2.ListInstancesRequest(parent="accounts/acme", states=states)
        page = await acme.instances.ListInstances(request)
        listed.append([each.name.rpartition("/")[2] for each in page.instances])
    assert listed == [["two"], ["one"]]


async def test_stopped_instances_are_listed(provisioning: Served) -> None:
    """A list can be narrowed to what is stopped."""
    acme = await provisioning.integrator()
    for name in ("one", "two"):
        await acme.create(instance_id=name)
    await provisioning.operator.instances.SuspendInstance(
        instance_pb2.SuspendInstanceRequest(name="accounts/acme/instances/two", request_id=new_id())
    )
    request = instance_pb2.ListInstancesRequest(parent="accounts/acme", stopped_only=True)
    page = await acme.instances.ListInstances(request)
    assert [each.name for each in page.instances] == ["accounts/acme/instances/two"]


async def test_an_imported_instance_tells_its_date(provisioning: Served) -> None:
    """An instance taken over shows what it is paid through."""
    await provisioning.operator.create_account()
    told = await provisioning.operator.take_over("old", date(2026, 5, 20))
    assert (told.payment_type, told.paid_through_date, told.expire_date) == (
        STATES.PAYMENT_TYPE_PREPAY,
        Date(year=2026, month=5, day=20),
        Date(year=2026, month=5, day=20),
    )


async def test_a_secret_is_known_to_billing(provisioning: Served) -> None:
    """The other service is told who holds a secret, as long as it works."""
    await provisioning.operator.create_account()
    enrolled = await provisioning.operator.enrol()
    request = access_pb2.IntrospectRequest(secret=enrolled.secret)
    active = await provisioning.billing.access.Introspect(request)
    await provisioning.operator.revoke("accounts/acme/tokens/1")
    ended = await provisioning.billing.access.Introspect(request)
    assert (active.account, active.token, active.kind, ended.active) == (
        "accounts/acme",
        "accounts/acme/tokens/1",
        access_pb2.CALLER_KIND_INTEGRATOR,
        False,
    )


async def test_an_integrators_sandbox_serves_its_token(provisioning: Served) -> None:
    """The secret of a sandbox's account creates in the sandbox, at its time."""
    acme = await provisioning.integrator()
    made = await acme.create_sandbox(account_id="toy", start_time={"seconds": 1_700_000_000})
    toy = provisioning.caller(made.secret)
    created = await toy.create("toy")
    assert (made.account, created.create_time.seconds) == ("accounts/toy", 1_700_000_000)


async def test_an_integrator_sees_its_own_sandboxes(provisioning: Served) -> None:
    """Owner and inhabitant see a sandbox, nobody else does."""
    acme = await provisioning.integrator()
    made = await acme.create_sandbox(account_id="toy")
    beta = await provisioning.integrator("beta")
    seen = []
    for caller in (acme, provisioning.caller(made.secret), beta, provisioning.operator):
        page = await caller.sandboxes.ListSandboxes(sandbox_pb2.ListSandboxesRequest())
        seen.append([each.name for each in page.sandboxes])
    assert seen == [["sandboxes/box"], ["sandboxes/box"], [], ["sandboxes/box"]]


async def test_an_event_shows_the_instance_after_the_fact(provisioning: Served) -> None:
    """The feed tells a creation with the instance as the caller was told it."""
    acme = await provisioning.integrator()
    made = await acme.create()
    request = event_service_pb2.ListEventsRequest(account="accounts/acme")
    events = (await acme.events.ListEvents(request)).events
    told = events_pb2.InstanceCreated()
    assert events[-1].payload.Unpack(told)
    assert (told.instance, events[-1].actor) == (made, "integrator/acme")


async def test_events_are_watched(provisioning: Served) -> None:
    """A watcher is sent what happens after its position."""
    await provisioning.operator.create_account()
    after = event_pb2.FeedPosition(epoch=1, seq=0)
    call = provisioning.billing.events.WatchEvents(
        event_service_pb2.WatchEventsRequest(after=after)
    )
    first = await call.read()
    call.cancel()
    assert [each.payload.TypeName() for each in first.events] == [
        "pospago.provisioning.v1.AccountCreated"
    ]


async def test_a_revoked_secret_is_refused_at_once(provisioning_on_each: Served) -> None:
    """From the answer to its revocation on, a secret reads nothing."""
    acme = await provisioning_on_each.integrator()
    made = await acme.create()
    await provisioning_on_each.operator.revoke("accounts/acme/tokens/1")
    assert await refused(acme.get(made.name)) == (CODE.UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_a_watcher_whose_secret_ends_is_told_nothing_more(provisioning: Served) -> None:
    """An integrator that watches the feed is cut off by the revocation of its secret."""
    acme = await provisioning.integrator()
    call = acme.events.WatchEvents(event_service_pb2.WatchEventsRequest(account="accounts/acme"))
    await call.read()
    await provisioning.operator.revoke("accounts/acme/tokens/1")
    assert await refused(call.read()) == (CODE.UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_a_token_creates_no_more_than_it_may(provisioning_on_each: Served) -> None:
    """Forty parallel creations on a token of 25 give 25."""
    acme = await provisioning_on_each.integrator()
    outcomes = await asyncio.gather(*(acme.create() for _ in range(40)), return_exceptions=True)
    served = [each for each in outcomes if not isinstance(each, BaseException)]
    assert len(served) == 25
