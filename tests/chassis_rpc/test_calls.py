"""What a call brings beside its answer: idempotency, positions, pages, cancellation, overload."""

import asyncio
import uuid
from typing import TYPE_CHECKING

import grpc
import pytest
from pospago.provisioning.v1 import account_pb2

from chassis.rpc.call import AFTER, POSITION
from chassis.rpc.server import Listening
from tests.chassis_rpc.small_service import SmallService, details_of, refusal_of

if TYPE_CHECKING:
    # Known to the type checker only.
    from pospago.provisioning.v1.account_pb2_grpc import AccountServiceAsyncStub

CODE = grpc.StatusCode
SLOW = account_pb2.GetAccountRequest(name="accounts/slow")


@pytest.fixture
def listening() -> Listening:
    """Room for two calls at once."""
    return Listening(calls_max=2, stop_seconds=1)


def create(account_id: str, request_id: str = "") -> account_pb2.CreateAccountRequest:
    return account_pb2.CreateAccountRequest(account_id=account_id, request_id=request_id)


async def until(service: SmallService, waiting_count: int) -> None:
    async with asyncio.timeout(60):
        while service.accounts.waiting_count != waiting_count:  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.01)


async def test_tells_the_position_of_a_write(operator: "AccountServiceAsyncStub") -> None:
    """The trailers of a write say where it stands in the feed."""
    call = operator.CreateAccount(create("one"))
    trailers = dict(await call.trailing_metadata())
    assert trailers[POSITION] == "provisioning/1/1"


async def test_tells_no_position_of_a_read(operator: "AccountServiceAsyncStub") -> None:
    """The trailers of a read say nothing."""
    call = operator.GetAccount(account_pb2.GetAccountRequest(name="accounts/one"))
    assert POSITION not in dict(await call.trailing_metadata())


async def test_passes_its_own_positions(operator: "AccountServiceAsyncStub") -> None:
    """What this service did itself needs no waiting."""
    request = account_pb2.GetAccountRequest(name="accounts/one")
    answer = await operator.GetAccount(request, metadata=((AFTER, "provisioning/1/99"),))
    assert answer.account.name == "accounts/one"


async def test_repeats_an_answer_without_its_secret(operator: "AccountServiceAsyncStub") -> None:
    """A repeated request has one effect and is answered what was kept."""
    request = create("one", str(uuid.uuid4()))
    first = await operator.CreateAccount(request)
    again = await operator.CreateAccount(request)
    told = (first.account.display_name, again.account.display_name, again.account.name)
    assert told == ("told once", "", "accounts/one")


async def test_refuses_a_reused_request_id(operator: "AccountServiceAsyncStub") -> None:
    """A request id that came with another request is refused."""
    request_id = str(uuid.uuid4())
    await operator.CreateAccount(create("one", request_id))
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.CreateAccount(create("two", request_id))
    assert refusal_of(failed.value) == (CODE.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_refuses_what_is_too_much(
    service: SmallService, operator: "AccountServiceAsyncStub"
) -> None:
    """A call beyond those that may be under way is told to retry, and does not wait."""
    busy = [operator.GetAccount(SLOW) for _ in range(2)]
    await until(service, waiting_count=2)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.GetAccount(account_pb2.GetAccountRequest(name="accounts/one"))
    service.accounts.let_go.set()
    await asyncio.gather(*busy)
    assert refusal_of(failed.value) == (CODE.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert details_of(failed.value)[1].retry_delay.ToMilliseconds() > 0


async def test_has_room_again(service: SmallService, operator: "AccountServiceAsyncStub") -> None:
    """Calls that ended, however they ended, leave their place."""
    for name in ("accounts/broken", "accounts/missing", "nonsense") * 2:
        with pytest.raises(grpc.aio.AioRpcError):
            await operator.GetAccount(account_pb2.GetAccountRequest(name=name))
    await operator.GetAccount(account_pb2.GetAccountRequest(name="accounts/one"))
    assert service.server.under_way_count == 0


async def test_ends_with_its_caller(
    service: SmallService, operator: "AccountServiceAsyncStub"
) -> None:
    """A call whose caller went away is cancelled in the servicer too."""
    call = operator.GetAccount(SLOW)
    await until(service, waiting_count=1)
    call.cancel()
    await until(service, waiting_count=0)
    assert service.accounts.cancelled_count == 1


async def test_ends_with_its_deadline(
    service: SmallService, operator: "AccountServiceAsyncStub"
) -> None:
    """A call whose deadline passed is cancelled in the servicer too."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.GetAccount(SLOW, timeout=0.2)
    await until(service, waiting_count=0)
    assert failed.value.code() is CODE.DEADLINE_EXCEEDED


async def test_pages_through_a_list(operator: "AccountServiceAsyncStub") -> None:
    """Pages tile the list: nothing is missing and nothing comes twice."""
    names: list[str] = []
    request = account_pb2.ListAccountsRequest(page_size=10)
    for _ in range(3):
        answer = await operator.ListAccounts(request)
        names += [each.name for each in answer.accounts]
        request.page_token = answer.next_page_token
    assert names == [f"accounts/n{number}" for number in range(25)]
    assert request.page_token == ""


@pytest.mark.parametrize("change", ["x", "other filter", "not base64 ?"])
async def test_refuses_foreign_page_tokens(
    operator: "AccountServiceAsyncStub", change: str
) -> None:
    """A page token that was altered, or belongs to other filters, is refused."""
    answer = await operator.ListAccounts(account_pb2.ListAccountsRequest(page_size=10))
    request = account_pb2.ListAccountsRequest(page_token=answer.next_page_token)
    if change == "other filter":
        request.sandbox = "sandboxes/s"
    else:
        request.page_token = change + request.page_token[len(change) :]
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await operator.ListAccounts(request)
    assert refusal_of(failed.value) == (CODE.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
