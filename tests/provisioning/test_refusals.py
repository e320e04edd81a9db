"""Each rpc's refusals, by code and reason, from the real server."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from pospago.access.v1 import access_pb2
from pospago.provisioning.v1 import (
    account_pb2,
    integrator_pb2,
    sandbox_pb2,
    token_pb2,
)

from tests.provisioning.calling import (
    CODE,
    ONE,
    Served,
    a_short_ladder,
    an_integrator,
    new_id,
    refused,
)

FIRST = "accounts/acme/tokens/1"
BOX = "sandboxes/box"
Call = Callable[[Served], Awaitable[Any]]


async def a_manual_request(on: Served) -> None:
    """An account whose second token waits for approval."""
    await on.operator.create_account()
    manual = integrator_pb2.Programme.TOKEN_APPROVAL_MANUAL
    await on.operator.enrol(programme=integrator_pb2.Programme(token_approval=manual))
    await on.operator.request_token()


def update_account(on: Served, paths: list[str] | None = None, **fields: Any) -> Awaitable[Any]:
    request = account_pb2.UpdateAccountRequest(
        account=account_pb2.Account(**({"name": "accounts/acme"} | fields)),
        update_mask=FieldMask(paths=paths or []),
        request_id=new_id(),
    )
    answer: Awaitable[Any] = on.operator.accounts.UpdateAccount(request)
    return answer


def update_integrator(on: Served, paths: list[str], **fields: Any) -> Awaitable[Any]:
    etag = fields.pop("etag", "")
    request = integrator_pb2.UpdateIntegratorRequest(
        integrator=integrator_pb2.Integrator(
            name="accounts/acme/integrator",
            programme=integrator_pb2.Programme(**fields),
            etag=etag,
        ),
        update_mask=FieldMask(paths=paths),
        request_id=new_id(),
    )
    answer: Awaitable[Any] = on.operator.integrators.UpdateIntegrator(request)
    return answer


def judge(on: Served, verb: str, name: str) -> Awaitable[Any]:
    """ApproveToken, DeclineToken, RotateToken or RevokeToken by an operator."""
    request = getattr(token_pb2, f"{verb}Request")(name=name, request_id=new_id())
    answer: Awaitable[Any] = getattr(on.operator.tokens, verb)(request)
    return answer


async def advance(on: Served, seconds: int, name: str = BOX) -> None:
    request = sandbox_pb2.AdvanceSandboxRequest(name=name, to_time=Timestamp(seconds=seconds))
    async for _ in on.operator.sandboxes.AdvanceSandbox(request):
        pass


# --- accounts -----------------------------------------------------------------------------------


async def test_create_account_taken(provisioning: Served) -> None:
    """An account's id is taken once."""
    await provisioning.operator.create_account()
    assert await refused(provisioning.operator.create_account()) == (
        CODE.ALREADY_EXISTS,
        "ACCOUNT_ALREADY_EXISTS",
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"parent_account": "accounts/no"}, (CODE.NOT_FOUND, "PARENT_ACCOUNT_NOT_FOUND")),
        ({"sandbox": "sandboxes/no"}, (CODE.NOT_FOUND, "SANDBOX_NOT_FOUND")),
        ({"time_zone": "Mars/Base"}, (CODE.INVALID_ARGUMENT, "TIME_ZONE_UNKNOWN")),
        ({"display_name": "x" * 201}, (CODE.INVALID_ARGUMENT, "INVALID_FIELD")),
    ],
)
async def test_create_account_refused(
    provisioning: Served, fields: dict[str, str], told: tuple[Any, str]
) -> None:
    """An account whose fields do not hold is refused."""
    assert await refused(provisioning.operator.create_account(**fields)) == told


async def test_create_account_under_another_worlds_parent(provisioning: Served) -> None:
    """Parent and child live in the same world."""
    await provisioning.operator.create_account()
    await provisioning.operator.create_sandbox()
    call = provisioning.operator.create_account(
        "child", parent_account="accounts/acme", sandbox=BOX
    )
    assert await refused(call) == (CODE.FAILED_PRECONDITION, "PARENT_IN_OTHER_SANDBOX")


async def test_get_account_unknown(provisioning: Served) -> None:
    """An account that is not there is not found."""
    request = account_pb2.GetAccountRequest(name="accounts/no")
    call = provisioning.operator.accounts.GetAccount(request)
    assert await refused(call) == (CODE.NOT_FOUND, "ACCOUNT_NOT_FOUND")


@pytest.mark.parametrize("token", ["nonsense", "bm9uc2Vuc2U"])
async def test_list_accounts_page_token(provisioning: Served, token: str) -> None:
    """A page token that no list gave out is refused."""
    request = account_pb2.ListAccountsRequest(page_token=token)
    call = provisioning.operator.accounts.ListAccounts(request)
    assert await refused(call) == (CODE.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize(
    ("paths", "fields", "told"),
    [
        ([], {"name": "accounts/no"}, (CODE.NOT_FOUND, "ACCOUNT_NOT_FOUND")),
        ([], {"etag": "7"}, (CODE.ABORTED, "ETAG_MISMATCH")),
        (["time_zone"], {"time_zone": "No/Zone"}, (CODE.INVALID_ARGUMENT, "TIME_ZONE_UNKNOWN")),
        (
            ["time_zone"],
            {"time_zone": "Europe/Oslo"},
            (CODE.FAILED_PRECONDITION, "TIME_ZONE_FIXED"),
        ),
        (["sandbox"], {"sandbox": BOX}, (CODE.INVALID_ARGUMENT, "FIELD_IMMUTABLE")),
    ],
)
async def test_update_account_refused(
    provisioning: Served, paths: list[str], fields: dict[str, str], told: tuple[Any, str]
) -> None:
    """A change that does not hold is refused; something was subscribed here."""
    acme = await an_integrator(provisioning)
    await acme.subscribe(ONE)
    assert await refused(update_account(provisioning, paths, **fields)) == told


# --- integrators --------------------------------------------------------------------------------


async def test_enrol_refused(provisioning: Served) -> None:
    """Enrolment needs an account, licences and a programme that holds together."""
    operator = provisioning.operator
    unknown = await refused(operator.enrol("no"))
    await operator.create_account()
    few = await refused(operator.enrol(programme=integrator_pb2.Programme(licences_min=1)))
    wrong = await refused(
        operator.enrol(
            programme=integrator_pb2.Programme(ladder=[token_pb2.Rung(creations_max=0, band=1)] * 2)
        )
    )
    await operator.enrol()
    twice = await refused(operator.enrol(migrate_prepaid=True))
    assert (unknown, few, wrong, twice) == (
        (CODE.NOT_FOUND, "ACCOUNT_NOT_FOUND"),
        (CODE.FAILED_PRECONDITION, "NOT_ELIGIBLE"),
        (CODE.INVALID_ARGUMENT, "INVALID_PROGRAMME"),
        (CODE.FAILED_PRECONDITION, "ALREADY_ENROLLED"),
    )


async def test_get_integrator_not_enrolled(provisioning: Served) -> None:
    """The enrolment of an account that has none is not found."""
    await provisioning.operator.create_account()
    request = integrator_pb2.GetIntegratorRequest(name="accounts/acme/integrator")
    call = provisioning.operator.integrators.GetIntegrator(request)
    assert await refused(call) == (CODE.NOT_FOUND, "NOT_ENROLLED")


@pytest.mark.parametrize(
    ("paths", "fields", "told"),
    [
        (["programme.plan"], {"etag": "9"}, (CODE.ABORTED, "ETAG_MISMATCH")),
        (["prepaid_migrated"], {}, (CODE.INVALID_ARGUMENT, "FIELD_IMMUTABLE")),
        (
            ["programme.trial_length"],
            {"trial_length": Duration(seconds=31 * 86_400)},
            (CODE.INVALID_ARGUMENT, "INVALID_PROGRAMME"),
        ),
    ],
)
async def test_update_integrator_refused(
    provisioning: Served, paths: list[str], fields: dict[str, Any], told: tuple[Any, str]
) -> None:
    """A change of the programme that does not hold is refused."""
    await provisioning.integrator()
    assert await refused(update_integrator(provisioning, paths, **fields)) == told


async def test_update_integrator_not_enrolled(provisioning: Served) -> None:
    """An account that is not enrolled has no programme to change."""
    await provisioning.operator.create_account()
    call = update_integrator(provisioning, ["programme.plan"], plan="plans/x")
    assert await refused(call) == (CODE.FAILED_PRECONDITION, "NOT_ENROLLED")


# --- tokens -------------------------------------------------------------------------------------


async def test_request_token_refused(provisioning: Served) -> None:
    """A next token needs an enrolment, and that it is not there already, or the last one."""
    operator = provisioning.operator
    await operator.create_account("other")
    outside = await refused(operator.request_token("other"))
    acme = await provisioning.integrator()
    await acme.request_token()
    ahead = await refused(acme.request_token())
    assert (outside, ahead) == (
        (CODE.FAILED_PRECONDITION, "NOT_ENROLLED"),
        (CODE.FAILED_PRECONDITION, "TOKEN_ALREADY_REQUESTED"),
    )


async def test_request_token_past_the_last(provisioning: Served) -> None:
    """After the last rung nothing can be requested."""
    acme = await a_short_ladder(provisioning)
    await acme.request_token()
    assert await refused(acme.request_token()) == (CODE.FAILED_PRECONDITION, "LADDER_COMPLETE")


@pytest.mark.parametrize("verb", ["ApproveToken", "DeclineToken", "RotateToken", "RevokeToken"])
async def test_an_unknown_token(provisioning: Served, verb: str) -> None:
    """A rung that was never requested is not found."""
    await provisioning.integrator()
    call = judge(provisioning, verb, "accounts/acme/tokens/9")
    assert await refused(call) == (CODE.NOT_FOUND, "TOKEN_NOT_FOUND")


@pytest.mark.parametrize("verb", ["ApproveToken", "DeclineToken"])
async def test_a_token_that_waits_for_nobody(provisioning: Served, verb: str) -> None:
    """An issued token is not judged again."""
    await provisioning.integrator()
    assert await refused(judge(provisioning, verb, FIRST)) == (
        CODE.FAILED_PRECONDITION,
        "TOKEN_NOT_REQUESTED",
    )


@pytest.mark.parametrize("verb", ["RotateToken", "RevokeToken"])
async def test_a_token_without_a_secret(provisioning: Served, verb: str) -> None:
    """A token that waits for approval has no secret."""
    await a_manual_request(provisioning)
    assert await refused(judge(provisioning, verb, "accounts/acme/tokens/2")) == (
        CODE.FAILED_PRECONDITION,
        "TOKEN_NOT_ISSUED",
    )


async def test_get_token_unknown(provisioning: Served) -> None:
    """A token that is not there is not found."""
    request = token_pb2.GetTokenRequest(name=FIRST)
    call = provisioning.operator.tokens.GetToken(request)
    assert await refused(call) == (CODE.NOT_FOUND, "TOKEN_NOT_FOUND")


# --- sandboxes and access -----------------------------------------------------------------------


async def test_create_sandbox_refused(provisioning: Served) -> None:
    """A sandbox needs a free id, and an integrator's a free account outside sandboxes."""
    acme = await provisioning.integrator()
    made = await acme.create_sandbox(account_id="toy")
    taken = await refused(acme.create_sandbox())
    account = await refused(acme.create_sandbox("box-2", account_id="toy"))
    inner = await refused(provisioning.caller(made.secret).create_sandbox("inner"))
    assert (taken, account, inner) == (
        (CODE.ALREADY_EXISTS, "SANDBOX_ALREADY_EXISTS"),
        (CODE.ALREADY_EXISTS, "ACCOUNT_ALREADY_EXISTS"),
        (CODE.FAILED_PRECONDITION, "SANDBOX_INSIDE_SANDBOX"),
    )


async def test_create_sandbox_limit(provisioning: Served) -> None:
    """An account owns five sandboxes at most."""
    acme = await provisioning.integrator()
    for number in range(5):
        await acme.create_sandbox(f"box-{number}")
    call = acme.create_sandbox()
    assert await refused(call) == (CODE.RESOURCE_EXHAUSTED, "SANDBOX_LIMIT_REACHED")


@pytest.mark.parametrize("exists", [True, False])
async def test_a_strangers_sandbox(provisioning: Served, *, exists: bool) -> None:
    """An integrator learns nothing of other people's sandboxes, not even whether they exist."""
    acme = await provisioning.integrator()
    if exists:
        await provisioning.operator.create_sandbox()
    call = acme.sandboxes.GetSandbox(sandbox_pb2.GetSandboxRequest(name=BOX))
    assert await refused(call) == (CODE.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_an_unknown_sandbox(provisioning: Served) -> None:
    """A sandbox that is not there is not found."""
    request = sandbox_pb2.GetSandboxRequest(name=BOX)
    call = provisioning.operator.sandboxes.GetSandbox(request)
    assert await refused(call) == (CODE.NOT_FOUND, "SANDBOX_NOT_FOUND")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (1_699_999_999, (CODE.INVALID_ARGUMENT, "TIME_NOT_AHEAD")),
        (1_700_000_000 + 3_654 * 86_400, (CODE.INVALID_ARGUMENT, "ADVANCE_TOO_FAR")),
    ],
)
async def test_advance_sandbox_refused(
    provisioning: Served, seconds: int, told: tuple[Any, str]
) -> None:
    """A sandbox goes forward, and not too far at once."""
    await provisioning.operator.create_sandbox(start_time={"seconds": 1_700_000_000})
    assert await refused(advance(provisioning, seconds)) == told


async def test_a_sandbox_without_billing_waits(provisioning: Served) -> None:
    """While billing is away a sandbox cannot move; it stays on its way, and refuses writes."""
    await provisioning.operator.create_sandbox(start_time={"seconds": 1_700_000_000})
    away = await refused(advance(provisioning, 1_700_000_060))
    write = provisioning.operator.create_account("toy", sandbox=BOX)
    other = await refused(advance(provisioning, 1_700_000_061))
    assert (away, await refused(write), other) == (
        (CODE.UNAVAILABLE, "TEMPORARILY_UNAVAILABLE"),
        (CODE.ABORTED, "SANDBOX_ADVANCING"),
        (CODE.ABORTED, "SANDBOX_ADVANCING"),
    )


async def test_introspect_is_for_services(provisioning: Served) -> None:
    """Nobody but the other service asks who holds a secret."""
    request = access_pb2.IntrospectRequest(secret="x")
    call = provisioning.operator.access.Introspect(request)
    assert await refused(call) == (CODE.PERMISSION_DENIED, "ACCESS_DENIED")


@pytest.mark.parametrize("secret", ["", "pspg_it_wrong", "pspg_op_wrong"])
async def test_a_wrong_secret(provisioning: Served, secret: str) -> None:
    """A call without a credential that works is not let in."""
    call = provisioning.caller(secret).get(ONE)
    assert await refused(call) == (CODE.UNAUTHENTICATED, "UNAUTHENTICATED")
