"""What each stage of the pipeline refuses, by code and reason."""

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.rpc import error_details_pb2
from pospago.provisioning.v1 import account_pb2
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub

from chassis.rpc.call import AFTER, AFTER_MAX
from chassis.rpc.pipeline import REQUEST_BYTES_MAX
from chassis.rpc.status import VIOLATIONS_MAX
from tests.chassis_rpc.small_service import (
    ACCOUNTS,
    LEAKY,
    SmallService,
    details_of,
    refusal_of,
)

if TYPE_CHECKING:
    # Known to the type checker only.
    from pospago.provisioning.v1.account_pb2_grpc import AccountServiceAsyncStub

CODE = grpc.StatusCode
ACME = account_pb2.GetAccountRequest(name="accounts/acme")


async def raw(service: SmallService, method: str, payload: bytes, secret: str = "") -> bytes:
    async with grpc.aio.insecure_channel(service.address) as channel:
        metadata = (("authorization", f"Bearer {secret}"),) if secret else ()
        call: Any = channel.unary_unary(method, None, None)
        return bytes(await call(payload, metadata=metadata, timeout=60))


async def test_answers_a_known_caller(operator: "AccountServiceAsyncStub") -> None:
    """A caller whose kind the rpc admits is served."""
    answer = await operator.GetAccount(ACME)
    assert answer.account.display_name == "operator/admin"


async def test_answers_an_integrator_about_its_own_account(acme: "AccountServiceAsyncStub") -> None:
    """An integrator is served where it names its own account."""
    answer = await acme.GetAccount(ACME)
    assert answer.account.display_name == "account/acme"


@pytest.mark.parametrize("secret", ["", "pspg_op_guess", "pspg_it_guess", "x" * 5000])
async def test_refuses_who_has_no_active_secret(service: SmallService, secret: str) -> None:
    """A call without a secret, or with one that nobody holds, is unauthenticated."""
    async with service.channel(secret) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await AccountServiceStub(channel).GetAccount(ACME)
    assert refusal_of(failed.value) == (CODE.UNAUTHENTICATED, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("", "No active credential: send `authorization: Bearer"),
        ("pspg_op_guess", "The secret is not active: "),
        ("pspg_it_guess", "The secret is not active: "),
    ],
)
async def test_a_secret_that_was_sent_is_not_asked_for(
    service: SmallService, secret: str, words: str
) -> None:
    """Who sent one that is not active is told so, in the words for one that never was."""
    async with service.channel(secret) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await AccountServiceStub(channel).GetAccount(ACME)
    assert str(failed.value.details()).startswith(words)


@pytest.mark.parametrize("header", ["pspg_it_acme", "Basic pspg_it_acme", "Bearer"])
async def test_refuses_other_schemes(service: SmallService, header: str) -> None:
    """A secret counts only after the word Bearer."""
    async with grpc.aio.insecure_channel(service.address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await AccountServiceStub(channel).GetAccount(
                ACME, metadata=(("authorization", header),)
            )
    assert refusal_of(failed.value) == (CODE.UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_refuses_a_foreign_account(acme: "AccountServiceAsyncStub") -> None:
    """An integrator that names another account is denied, whether that one exists or not."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await acme.GetAccount(account_pb2.GetAccountRequest(name="accounts/missing"))
    assert refusal_of(failed.value) == (CODE.PERMISSION_DENIED, "ACCESS_DENIED")


@pytest.mark.parametrize("name", ["", "accounts/-", "accounts", "accounts/", "acme", "accounts/?"])
async def test_refuses_a_bound_caller_without_its_account(
    acme: "AccountServiceAsyncStub", name: str
) -> None:
    """An integrator whose request names no account, or any, or nonsense, is denied."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await acme.GetAccount(account_pb2.GetAccountRequest(name=name))
    assert refusal_of(failed.value) == (CODE.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_refuses_a_kind_that_the_rpc_does_not_admit(acme: "AccountServiceAsyncStub") -> None:
    """An integrator is denied an operator's rpc, before its fields are looked at."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await acme.CreateAccount(account_pb2.CreateAccountRequest(account_id="NO GOOD"))
    assert refusal_of(failed.value) == (CODE.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_names_each_bad_field(operator: "AccountServiceAsyncStub") -> None:
    """A request that breaks field rules is refused with the path of each field."""
    request = account_pb2.CreateAccountRequest(
        account_id="NO GOOD", account=account_pb2.Account(display_name="x" * 201)
    )
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.CreateAccount(request)
    assert refusal_of(failed.value) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD")
    violations = details_of(failed.value)[1].field_violations
    assert [each.field for each in violations] == ["account_id", "account.display_name"]


async def test_refuses_malformed_bytes(service: SmallService) -> None:
    """Bytes that are no message are refused without a word about the parser."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await raw(service, f"/{ACCOUNTS}/GetAccount", b"\xff\xff\xff", service.operator_secret)
    assert refusal_of(failed.value) == (CODE.INVALID_ARGUMENT, "MALFORMED_REQUEST")


async def test_refuses_a_large_message_in_our_words(service: SmallService) -> None:
    """A message just above the limit is refused with its reason."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await raw(service, f"/{ACCOUNTS}/GetAccount", b"x" * (REQUEST_BYTES_MAX + 1))
    assert refusal_of(failed.value) == (CODE.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")


@pytest.mark.parametrize("method", [f"/{ACCOUNTS}/Nope", "/pospago.Nope/Get", "/a/b/c"])
async def test_refuses_unknown_methods(service: SmallService, method: str) -> None:
    """A method that no service has is unimplemented, with a reason."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await raw(service, method, b"")
    assert refusal_of(failed.value) == (CODE.UNIMPLEMENTED, "UNKNOWN_METHOD")


@pytest.mark.parametrize(
    ("account", "code", "reason", "details"),
    [
        ("missing", CODE.NOT_FOUND, "ACCOUNT_NOT_FOUND", [error_details_pb2.ResourceInfo]),
        ("changed", CODE.ABORTED, "ETAG_MISMATCH", []),
        ("raced", CODE.ABORTED, "CONCURRENT_CHANGE", []),
        ("late", CODE.DEADLINE_EXCEEDED, "POSITION_NOT_REACHED", []),
        ("storeless", CODE.UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", [error_details_pb2.RetryInfo]),
        ("broken", CODE.INTERNAL, "INTERNAL", []),
    ],
)
async def test_tells_a_failure_as_its_status(
    operator: "AccountServiceAsyncStub",
    account: str,
    code: grpc.StatusCode,
    reason: str,
    details: list[Any],
) -> None:
    """A failure is told by code, one ErrorInfo and at most one detail."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.GetAccount(account_pb2.GetAccountRequest(name=f"accounts/{account}"))
    told = details_of(failed.value)
    assert refusal_of(failed.value) == (code, reason)
    assert [type(each) for each in told] == [error_details_pb2.ErrorInfo, *details]


@pytest.mark.parametrize("account", ["broken", "storeless"])
async def test_leaks_nothing(operator: "AccountServiceAsyncStub", account: str) -> None:
    """What an unexpected failure says stays inside."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.GetAccount(account_pb2.GetAccountRequest(name=f"accounts/{account}"))
    told = f"{failed.value.details()}{failed.value.trailing_metadata()}"
    assert LEAKY not in told


async def test_names_the_call_of_a_fault(operator: "AccountServiceAsyncStub") -> None:
    """A fault of ours is told with the id under which the log has it."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.GetAccount(
            account_pb2.GetAccountRequest(name="accounts/broken"),
            metadata=(("x-request-id", "call-7"),),
        )
    assert details_of(failed.value)[0].metadata["request_id"] == "call-7"


async def test_bounds_what_it_tells(operator: "AccountServiceAsyncStub") -> None:
    """However long a refusal's words, its metadata stay below what peers take."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.GetAccount(account_pb2.GetAccountRequest(name="accounts/wordy"))
    assert refusal_of(failed.value) == (CODE.INVALID_ARGUMENT, "FIELD_IMMUTABLE")


@pytest.mark.parametrize(
    "positions",
    [("nonsense",), ("billing/1/",), ("billing/x/1",), ("mars/1/1",), ("small/1/1",) * 2],
)
async def test_refuses_positions_of_no_feed(
    operator: "AccountServiceAsyncStub", positions: tuple[str, ...]
) -> None:
    """A position that is none, or of an unknown feed, is an invalid field."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.GetAccount(ACME, metadata=tuple((AFTER, each) for each in positions))
    assert refusal_of(failed.value) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_refuses_too_many_positions(operator: "AccountServiceAsyncStub") -> None:
    """No call may ask to wait for more positions than there can be feeds."""
    positions = tuple((AFTER, "provisioning/1/1") for _ in range(AFTER_MAX + 1))
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.GetAccount(ACME, metadata=positions)
    assert refusal_of(failed.value) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD")


def test_limits_violations() -> None:
    """The number of fields told fits into an answer's metadata."""
    assert VIOLATIONS_MAX * 2 * 160 < 8192
