"""What a log line says of its call, what it never says, and how a trace goes on."""

import json
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import structlog
from pospago.provisioning.v1 import account_pb2

from chassis.logs import add_source, configure_logs, hide_secrets, log_source
from chassis.rpc.call import Headers
from chassis.rpc.trace import join_trace, trace_metadata
from tests.chassis_rpc.small_service import LEAKY

if TYPE_CHECKING:
    from collections.abc import Mapping

    # Known to the type checker only.
    from pospago.provisioning.v1.account_pb2_grpc import AccountServiceAsyncStub

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def plain_logs() -> Any:
    """Leave the logs as they were."""
    yield
    structlog.reset_defaults()


class Source:
    """Something under way."""

    def log_fields(self) -> "Mapping[str, str]":
        """One field."""
        return {"rpc": "/a/b", "caller": "operator/ann"}


def test_lines_say_what_is_under_way() -> None:
    """A line carries the fields of what is under way; its own win."""
    log_source.set(Source())
    line = add_source(None, "info", {"event": "x", "caller": "me"})
    log_source.set(None)
    assert line == {"event": "x", "rpc": "/a/b", "caller": "me"}


def test_lines_hide_secrets() -> None:
    """Whatever looks like a secret of ours is blackened."""
    line = hide_secrets(None, "info", {"event": "got Bearer pspg_it_AbC-1_2, bad"})
    assert line["event"] == "got Bearer pspg_***, bad"


def test_lines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Machines get a JSON object a line, from the level asked for on."""
    configure_logs(level="info", as_json=True)
    structlog.get_logger().debug("silent")
    structlog.get_logger().info("told", count=1)
    [line] = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["count"]) == ("told", "info", 1)


async def test_a_fault_is_logged_once(
    operator: "AccountServiceAsyncStub", capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of ours is logged with its call and its traceback, once."""
    configure_logs(level="info", as_json=True)
    with pytest.raises(grpc.aio.AioRpcError):
        await operator.GetAccount(
            account_pb2.GetAccountRequest(name="accounts/broken"),
            metadata=(("x-request-id", "call-7"),),
        )
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [fault] = [line for line in lines if line["level"] == "error"]
    assert (fault["call"], fault["caller"]) == ("call-7", "operator/admin")
    assert LEAKY in fault["exception"]


async def test_passes_a_trace_on() -> None:
    """A call that came with a trace makes its own calls part of it."""
    join_trace(Headers((("traceparent", PARENT), ("tracestate", "a=b"))))
    assert dict(trace_metadata()) == {"traceparent": PARENT, "tracestate": "a=b"}


@pytest.mark.parametrize("parent", ["", "nonsense", "00-0-0-01"])
async def test_begins_no_trace(parent: str) -> None:
    """Without a valid trace nothing is sent on."""
    join_trace(Headers((("traceparent", parent),)))
    assert trace_metadata() == ()
