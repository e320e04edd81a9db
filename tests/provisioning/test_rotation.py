"""Two secrets of one token for a stated overlap: the rules, both stores, and the real server."""

import asyncio
from typing import Any

import grpc.aio
import pytest
from google.protobuf.duration_pb2 import Duration
from pospago.access.v1 import access_pb2
from pospago.provisioning.v1 import event_service_pb2, token_pb2

from chassis.errors import Unauthenticated
from provisioning_service.domain.token import (
    Rung,
    Token,
    issued_at_once,
    requested,
    revoked,
    rotated,
    shown_at,
)
from provisioning_service.storage.queries import find_token_by_secret
from provisioning_service.use_cases.change_token import (
    REVOKE_TOKEN,
    ROTATE_TOKEN,
    ChangeToken,
)
from tests.provisioning.builders import DAY, HOUR, START_AT, Service, secret
from tests.provisioning.calling import CODE, Caller, Served, new_id, refused

NAME = "accounts/acme/tokens/1"
ENDS_AT = START_AT + DAY


# --- the rules ----------------------------------------------------------------------------------


def token() -> Token:
    """An issued token with the secret `first`."""
    asked = requested("acme", 1, Rung(25, 1), START_AT)
    return issued_at_once(asked, secret("first"), START_AT)


def secrets_of(token: Token) -> list[str]:
    """The secrets that are kept of a token, the newest first."""
    kept = (token.secret_hash, token.previous_secret_hash)
    return [each.decode().removeprefix("hash of ") for each in kept if each]


def test_rotation_ends_the_old_secret_at_once() -> None:
    """Without an overlap one secret is left."""
    assert secrets_of(rotated(token(), secret("second"))) == ["second"]


def test_overlap_keeps_both() -> None:
    """In an overlap two secrets work, and the token tells the old one's hint and end."""
    both = rotated(token(), secret("second"), overlap_end_at=ENDS_AT)
    assert (secrets_of(both), both.previous_secret_hint, both.previous_secret_expires_at) == (
        ["second", "first"],
        secret("first").hint,
        ENDS_AT,
    )


@pytest.mark.parametrize(
    ("overlap_end_at", "left"), [(ENDS_AT, ["third", "second"]), (None, ["third"])]
)
def test_another_rotation_ends_the_older(overlap_end_at: int | None, left: list[str]) -> None:
    """There are two secrets at most, and none of an overlap that another rotation cut short."""
    both = rotated(token(), secret("second"), overlap_end_at=ENDS_AT)
    assert secrets_of(rotated(both, secret("third"), overlap_end_at=overlap_end_at)) == left


def test_revocation_ends_both() -> None:
    """Revoking spares no secret in its overlap."""
    both = rotated(token(), secret("second"), overlap_end_at=ENDS_AT)
    assert secrets_of(revoked(both)) == []


def test_revoked_token_has_nothing_to_overlap() -> None:
    """The rotation of a revoked token gives it one secret, whatever overlap is asked for."""
    anew = rotated(revoked(token()), secret("second"), overlap_end_at=ENDS_AT)
    assert (secrets_of(anew), anew.previous_secret_expires_at) == (["second"], None)


@pytest.mark.parametrize(("now", "shown"), [(ENDS_AT - 1, True), (ENDS_AT, False)])
def test_ended_secret_is_not_shown(now: int, *, shown: bool) -> None:
    """Hint and end of the old secret are shown up to the last instant of its overlap."""
    both = rotated(token(), secret("second"), overlap_end_at=ENDS_AT)
    seen = shown_at(both, now)
    assert (seen.previous_secret_hint != "", seen.previous_secret_expires_at is not None) == (
        shown,
        shown,
    )


# --- on both stores -----------------------------------------------------------------------------


def rotate(service: Service, new: str, overlap_end_at: int | None = ENDS_AT) -> None:
    service.do(ROTATE_TOKEN, ChangeToken("acme", 1, secret(new), b"", overlap_end_at))


def holds(service: Service, text: str, now: int) -> bool:
    """Whether a secret is found at an instant."""
    found = service.database.read(lambda tx: find_token_by_secret(tx, secret(text).hash, now=now))
    return found is not None


@pytest.mark.parametrize(("now", "works"), [(ENDS_AT - 1, True), (ENDS_AT, False)])
def test_old_secret_is_found_in_its_overlap(service: Service, now: int, *, works: bool) -> None:
    """The store finds the old secret up to the last instant of the overlap, the new one always."""
    service.integrator()
    rotate(service, "new")
    assert (holds(service, "acme-1", now), holds(service, "new", now)) == (works, True)


def test_both_secrets_create_on_one_quota(service: Service) -> None:
    """In the overlap either secret creates, and both count on the same token."""
    service.integrator()
    rotate(service, "new")
    service.create()
    service.create(secret_hash=secret("new").hash)
    assert service.token(1).token.creations_used == 2


def test_token_in_overlap_is_what_is_read(service: Service) -> None:
    """The store gives a token in its overlap back as it was made."""
    service.integrator()
    before = service.token(1).token
    rotate(service, "new")
    after = rotated(before, secret("new"), overlap_end_at=ENDS_AT)
    assert service.token(1).token == after


def test_older_secret_creates_nothing(service: Service) -> None:
    """The secret before the last two is refused, though its own overlap was not over."""
    service.integrator()
    rotate(service, "second")
    rotate(service, "third")
    with pytest.raises(Unauthenticated):
        service.create()


def test_revoked_secrets_create_nothing(service: Service) -> None:
    """After a revocation neither secret of the overlap is served."""
    service.integrator()
    rotate(service, "new")
    service.do(REVOKE_TOKEN, ChangeToken("acme", 1, secret("unused"), b""))
    assert [holds(service, each, START_AT) for each in ("acme-1", "new")] == [False, False]


def test_rotation_tells_until_when(service: Service) -> None:
    """The event of a rotation holds the token with the end of the old secret."""
    service.integrator()
    rotate(service, "new")
    told = service.events()[-1]
    message = token_pb2.Token.FromString(told.payload[2:])
    assert (told.type.rpartition(".")[2], message.previous_secret_expire_time.ToMicroseconds()) == (
        "TokenRotated",
        ENDS_AT,
    )


# --- by the real server -------------------------------------------------------------------------


async def rotation(by: Caller, hours: int, name: str = NAME) -> Any:
    """The answer to a rotation with an overlap."""
    request = token_pb2.RotateTokenRequest(
        name=name, overlap=Duration(seconds=hours * 3600), request_id=new_id()
    )
    return await by.tokens.RotateToken(request)


async def serves(caller: Caller, name: str = NAME) -> bool:
    """Whether a caller is recognised."""
    try:
        await caller.tokens.GetToken(token_pb2.GetTokenRequest(name=name))
    except grpc.aio.AioRpcError as failure:
        if failure.code() is not CODE.UNAUTHENTICATED:
            raise
        return False
    return True


async def test_old_secret_reads_before_and_in_its_overlap_only(
    provisioning_on_each: Served,
) -> None:
    """Served before, while and not after: at each call the clock judges."""
    on = provisioning_on_each
    old = await on.integrator()
    seen = [await serves(old)]
    new = on.caller((await rotation(on.operator, 24)).secret)
    for after in (0, DAY - 1, DAY):
        on.clock.advance_to(START_AT + after)
        seen.append(await serves(old))
    assert (seen, await serves(new)) == ([True, True, True, False], True)


async def test_old_secret_creates_in_its_overlap_only(provisioning_on_each: Served) -> None:
    """A write with the old secret is refused once the overlap is over."""
    on = provisioning_on_each
    old = await on.integrator()
    await rotation(on.operator, 1)
    made = await old.create()
    on.clock.advance_to(START_AT + HOUR)
    assert (made.band, await refused(old.create())) == (
        1,
        (CODE.UNAUTHENTICATED, "UNAUTHENTICATED"),
    )


async def test_billing_is_told_of_the_old_secret_in_its_overlap_only(
    provisioning: Served,
) -> None:
    """Introspection judges by the clock at each call."""
    await provisioning.operator.create_account()
    enrolled = await provisioning.operator.enrol()
    await rotation(provisioning.operator, 1)
    request = access_pb2.IntrospectRequest(secret=enrolled.secret)
    active = []
    for after in (0, HOUR - 1, HOUR):
        provisioning.clock.advance_to(START_AT + after)
        active.append((await provisioning.billing.access.Introspect(request)).active)
    assert active == [True, True, False]


async def test_token_tells_its_overlap_while_it_lasts(provisioning: Served) -> None:
    """Hint and end of the old secret are told, and no longer once it has ended."""
    await provisioning.operator.create_account()
    first = (await provisioning.operator.enrol()).token
    rotated_token = (await rotation(provisioning.operator, 1)).token
    provisioning.clock.advance_to(START_AT + HOUR)
    listed = await provisioning.operator.tokens.ListTokens(
        token_pb2.ListTokensRequest(parent="accounts/acme")
    )
    assert (
        rotated_token.previous_secret_hint,
        rotated_token.previous_secret_expire_time.ToMicroseconds(),
        listed.tokens[0].previous_secret_hint,
        listed.tokens[0].HasField("previous_secret_expire_time"),
    ) == (first.secret_hint, START_AT + HOUR, "", False)


async def test_watcher_is_cut_off_when_the_overlap_ends(provisioning: Served) -> None:
    """A stream that outlives its secret is told nothing more."""
    old = await provisioning.integrator()
    call = old.events.WatchEvents(event_service_pb2.WatchEventsRequest(account="accounts/acme"))
    await call.read()
    await rotation(provisioning.operator, 1)
    in_overlap = await call.read()
    provisioning.clock.advance_to(START_AT + HOUR)
    await rotation(provisioning.operator, 1)
    assert (len(in_overlap.events), await refused(call.read())) == (
        1,
        (CODE.UNAUTHENTICATED, "UNAUTHENTICATED"),
    )


async def test_overlap_in_a_sandbox_is_real_time(provisioning: Served) -> None:
    """A sandbox years ahead of the real clock keeps both secrets as long as any other."""
    start = START_AT // 1_000_000 + 3 * 365 * 86_400
    made = await provisioning.operator.create_sandbox(start_time={"seconds": start})
    await provisioning.operator.create_account("toy", sandbox=made.sandbox.name)
    old = provisioning.caller((await provisioning.operator.enrol("toy")).secret)
    name = "accounts/toy/tokens/1"
    told = (await rotation(provisioning.operator, 1, name)).token
    in_overlap = await serves(old, name)
    provisioning.clock.advance_to(START_AT + HOUR)
    assert (
        told.previous_secret_expire_time.ToMicroseconds(),
        in_overlap,
        await serves(old, name),
    ) == (START_AT + HOUR, True, False)


async def test_concurrent_rotations_leave_two_secrets(provisioning_on_each: Served) -> None:
    """Of the old secret and those of four rotations at once, the last two work."""
    on = provisioning_on_each
    old = await on.integrator()
    answers = await asyncio.gather(*(rotation(on.operator, 24) for _ in range(4)))
    latest = max(answers, key=lambda each: int(each.token.etag))
    working = [each for each in answers if await serves(on.caller(each.secret))]
    assert (len(working), latest in working, await serves(old)) == (2, True, False)


@pytest.mark.parametrize("seconds", [-1, 30 * 86_400 + 1])
async def test_overlap_has_bounds(provisioning: Served, seconds: int) -> None:
    """An overlap is neither negative nor longer than thirty days."""
    await provisioning.integrator()
    request = token_pb2.RotateTokenRequest(
        name=NAME, overlap=Duration(seconds=seconds), request_id=new_id()
    )
    call = provisioning.operator.tokens.RotateToken(request)
    assert await refused(call) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_repeated_rotation_keeps_its_overlap(provisioning: Served) -> None:
    """A rotation sent twice rotates once: the same token, and its secret not told again."""
    await provisioning.integrator()
    request = token_pb2.RotateTokenRequest(
        name=NAME, overlap=Duration(seconds=3600), request_id=new_id()
    )
    first = await provisioning.operator.tokens.RotateToken(request)
    provisioning.clock.advance_to(START_AT + HOUR // 2)
    again = await provisioning.operator.tokens.RotateToken(request)
    assert (again.token, again.secret) == (first.token, "")
