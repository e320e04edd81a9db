"""A service whose one rpc answers each request of a stream with the same text, as it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from buf.validate import validate_pb2
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from google.protobuf.message import Message
from pospago.access.v1 import access_pb2

from chassis.credentials import load_or_create
from chassis.errors import Overloaded
from chassis.rpc.authentication import BearerAuthenticator
from chassis.rpc.call import Call
from chassis.rpc.contract import judges_own_text
from chassis.rpc.server import Listening, RpcServer
from tests.chassis_rpc.small_service import Tokens

PACKAGE: Final = "pospago.echo.v1"
ECHO: Final = f"{PACKAGE}.EchoService"
TEXT_LENGTH_MAX: Final = 100_000


def _field(name: str, number: int, kind: "FieldDescriptorProto.Type.ValueType") -> Any:
    optional = FieldDescriptorProto.LABEL_OPTIONAL
    return FieldDescriptorProto(name=name, number=number, type=kind, label=optional)


def _contract() -> FileDescriptorProto:
    """The file of the service: a stream of notes both ways, for all kinds of callers."""
    account = _field("account", 1, FieldDescriptorProto.TYPE_STRING)
    text = _field("text", 2, FieldDescriptorProto.TYPE_STRING)
    rule = validate_pb2.FieldRules(string=validate_pb2.StringRules(max_len=TEXT_LENGTH_MAX))
    text.options.Extensions[validate_pb2.field].CopyFrom(rule)
    kinds = [access_pb2.CALLER_KIND_OPERATOR, access_pb2.CALLER_KIND_INTEGRATOR]
    method = MethodDescriptorProto(
        name="Echo",
        input_type=f".{PACKAGE}.Note",
        output_type=f".{PACKAGE}.Note",
        client_streaming=True,
        server_streaming=True,
    )
    access = access_pb2.Access(callers=kinds, account_field="account")
    # Its stub types the extension as a field like any other.
    extension: Any = access_pb2.access
    method.options.Extensions[extension].CopyFrom(access)
    return FileDescriptorProto(
        name="pospago/echo/v1/echo.proto",
        package=PACKAGE,
        syntax="proto3",
        dependency=["buf/validate/validate.proto", "pospago/access/v1/access.proto"],
        message_type=[DescriptorProto(name="Note", field=[account, text])],
        service=[ServiceDescriptorProto(name="EchoService", method=[method])],
    )


_pool = descriptor_pool.Default()
_pool.Add(_contract())
NOTE: Final = message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.Note"))


def note(text: str, account: str = "accounts/acme") -> Any:
    """A message of the service."""
    made: Any = NOTE()
    made.account, made.text = account, text
    return made


class Echo:
    """The servicer: a text that begins with `hold` waits to be let go, `break` and `full` fail."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.seen: list[str] = []
        self.under_way_count = 0

    @judges_own_text
    async def Echo(self, request: Any, call: Call) -> Message:
        """The same note."""
        self.seen.append(request.text)
        self.under_way_count += 1
        try:
            if request.text.startswith("hold"):
                await self.let_go.wait()
            if request.text == "break":
                raise RuntimeError(request.text)
            if request.text == "full":
                raise Overloaded
            call.add_position("echo", 1, len(self.seen))
        finally:
            self.under_way_count -= 1
        answer: Message = note(request.text)
        return answer


@dataclass(frozen=True, slots=True)
class EchoService:
    """The running service and what tests need of its inside."""

    server: RpcServer
    echo: Echo
    tokens: Tokens
    operator_secret: str

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.server.port}"

    def held(self, name: str) -> float | None:
        """What a gauge of the server shows."""
        return self.server.metrics.registry.get_sample_value(f"pospago_{name}")


@asynccontextmanager
async def running_echo(folder: Path, listening: Listening) -> AsyncIterator[EchoService]:
    """The echo service, serving on a port of its own."""
    credentials = load_or_create(folder, "provisioning")
    assert credentials.operator_file is not None
    tokens, echo = Tokens(), Echo()
    authenticator = BearerAuthenticator(credentials.book, credentials.keyed_hash, tokens)
    server = RpcServer("echo", {ECHO: echo}, authenticator, listening=listening)
    await server.start()
    try:
        secret = credentials.operator_file.read_text().strip()
        yield EchoService(server, echo, tokens, secret)
    finally:
        await server.stop()
