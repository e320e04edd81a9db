"""What a connection sends along, and how a refusal reads."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from pospago.provisioning.v1 import account_pb2 as pb
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub
from rich.console import Console

from pospago_cli.__main__ import run
from pospago_cli.client import Connection
from pospago_cli.failures import Refusal
from pospago_cli.session import Session

Trailer = tuple[tuple[str, str | bytes], ...]
Answer = Callable[[grpc.ServicerContext], None]


class _Accounts:
    """Keeps what each call brought along, and answers as it is told."""

    def __init__(self, answer: Answer) -> None:
        self.metadata: list[dict[str, list[str]]] = []
        self._answer = answer

    def get(
        self, request: pb.GetAccountRequest, context: grpc.ServicerContext
    ) -> pb.GetAccountResponse:
        """Answer as told."""
        brought: dict[str, list[str]] = {}
        for key, value in context.invocation_metadata():
            brought.setdefault(key, []).append(str(value))
        self.metadata.append(brought)
        self._answer(context)
        return pb.GetAccountResponse(account=pb.Account(name=request.name))


@contextmanager
def _serving(answer: Answer) -> Iterator[tuple[_Accounts, str]]:
    accounts = _Accounts(answer)
    server = grpc.server(ThreadPoolExecutor(2))
    get = grpc.unary_unary_rpc_method_handler(
        accounts.get,
        request_deserializer=pb.GetAccountRequest.FromString,
        response_serializer=pb.GetAccountResponse.SerializeToString,
    )
    service = "pospago.provisioning.v1.AccountService"
    handler = grpc.method_handlers_generic_handler(service, {"GetAccount": get})
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield accounts, f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def _refuse(context: grpc.ServicerContext) -> None:
    """Refuse as the suite does when a token is used up."""
    details = []
    for said in (
        error_details_pb2.ErrorInfo(reason="QUOTA_USED_UP", domain="provisioning.pospago"),
        error_details_pb2.QuotaFailure(
            violations=[{"subject": "accounts/acme/tokens/1", "description": "25 of 25 used"}]
        ),
    ):
        packed = AnyMessage()
        packed.Pack(said)
        details.append(packed)
    status = status_pb2.Status(
        code=code_pb2.RESOURCE_EXHAUSTED, message="Request the next token.", details=details
    )
    context.abort_with_status(rpc_status.to_status(status))


def _get(connection: Connection) -> None:
    request = pb.GetAccountRequest(name="accounts/acme")
    connection.stub(AccountServiceStub).GetAccount(request)


def test_each_call_carries_the_credential() -> None:
    """The secret goes as a bearer token, each time that of who calls."""
    with (
        _serving(lambda _: None) as (accounts, address),
        Connection.to(address, "secret") as operator,
    ):
        _get(operator)
        _get(operator.acting_as("another"))
    sent = [each["authorization"] for each in accounts.metadata]
    assert sent == [["Bearer secret"], ["Bearer another"]]


def test_what_a_write_told_goes_along_from_then_on() -> None:
    """The furthest position of each service's feed is sent with every later call."""
    told: Iterator[Trailer] = iter(
        (
            (("pospago-position", "provisioning/1/5"),),
            (("pospago-position", "billing/1/9"), ("pospago-position", "provisioning/1/4")),
            (),
        )
    )

    def answer(context: grpc.ServicerContext) -> None:
        context.set_trailing_metadata(next(told))

    with _serving(answer) as (accounts, address), Connection.to(address) as connection:
        for _ in range(3):
            _get(connection)
    sent = [sorted(each.get("pospago-after", [])) for each in accounts.metadata]
    assert sent == [[], ["provisioning/1/5"], ["billing/1/9", "provisioning/1/5"]]


def test_a_refusal_is_read_with_its_details() -> None:
    """Code, reason, message and the subject of a quota are told apart."""
    with (
        _serving(_refuse) as (_, address),
        Connection.to(address) as connection,
        pytest.raises(grpc.RpcError) as raised,
    ):
        _get(connection)
    refusal = Refusal.of(raised.value)
    assert refusal == Refusal(
        code="RESOURCE_EXHAUSTED",
        reason="QUOTA_USED_UP",
        message="Request the next token.",
        details=("accounts/acme/tokens/1: 25 of 25 used",),
        quota_subjects=("accounts/acme/tokens/1",),
    )


def test_a_refused_command_prints_one_block(capsys: pytest.CaptureFixture[str]) -> None:
    """The block says code, reason, message and details, and the exit code says refused."""
    with _serving(_refuse) as (_, address):
        code = run(["account", "get", "acme", "--address", address], Session())
    printed = capsys.readouterr().err.splitlines()
    assert code == 3
    assert printed == [
        "RESOURCE_EXHAUSTED · QUOTA_USED_UP",
        "Request the next token.",
        "  accounts/acme/tokens/1: 25 of 25 used",
    ]


def test_what_a_message_says_is_not_said_again() -> None:
    """A fault stands on one line, once, however narrow the console is."""
    refusal = Refusal(
        code="INVALID_ARGUMENT",
        reason="INVALID_FIELD",
        message="plan.versions[0].prices: must have at least one price.",
        details=("plan.versions[0].prices: must have at least one price", "plan.name: is none"),
    )
    printed = Console(file=io.StringIO(), width=20)
    refusal.printed(printed)
    assert isinstance(printed.file, io.StringIO)
    assert printed.file.getvalue().splitlines() == [
        "INVALID_ARGUMENT · INVALID_FIELD",
        "plan.versions[0].prices: must have at least one price.",
        "  plan.name: is none",
    ]


def test_nobody_at_the_address_is_told_with_a_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a gateway the command says how to start one, and exits with the code for that."""
    code = run(["account", "get", "acme", "--address", "127.0.0.1:1"], Session())
    assert code == 6
    assert "pospago up" in capsys.readouterr().err


def test_a_misspelled_command_exits_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    """What is no name is refused before anything is called."""
    assert run(["token", "get", "acme"], Session()) == 2
    assert "account/rung" in capsys.readouterr().err


def test_an_answer_prints_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the answer is the contract's, names and all."""
    with _serving(lambda _: None) as (_, address):
        code = run(["account", "get", "acme", "--address", address, "--json"], Session())
    assert code == 0
    assert '"name": "accounts/acme"' in capsys.readouterr().out
