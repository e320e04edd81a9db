"""The rpcs of the services that a server offers, as the contract describes them."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message

from chassis.rpc.access import AccessRule, ContractError
from chassis.rpc.call import Call

UnaryMethod = Callable[[Any, Call], Awaitable[Message | bytes]]
StreamMethod = Callable[[Any, Call], AsyncGenerator[Message, None]]


@dataclass(frozen=True, slots=True)
class Rpc:
    """One rpc: its full method, its messages, who may call it, and what serves it."""

    method: str
    request_class: type[Message]
    response_class: type[Message]
    access: AccessRule
    streaming: bool
    side_effect_free: bool
    has_request_id: bool
    serve: UnaryMethod | StreamMethod


def rpcs_of(servicers: Mapping[str, object]) -> Iterator[Rpc]:
    """Each rpc of the services; ContractError if a servicer lacks one or a rule is missing."""
    for name, servicer in servicers.items():
        service: ServiceDescriptor = descriptor_pool.Default().FindServiceByName(name)
        for method in service.methods:
            yield _rpc_of(method, servicer)


def _rpc_of(method: MethodDescriptor, servicer: object) -> Rpc:
    if method.client_streaming:
        raise ContractError(f"{method.full_name}: streams of requests are not served")
    serve = getattr(servicer, method.name, None)
    if serve is None:
        raise ContractError(f"{type(servicer).__name__} does not serve {method.full_name}")
    if method.server_streaming != inspect.isasyncgenfunction(serve):
        wanted = "an async generator" if method.server_streaming else "a coroutine function"
        raise ContractError(f"{type(servicer).__name__}.{method.name} must be {wanted}")
    return Rpc(
        method=f"/{method.containing_service.full_name}/{method.name}",
        request_class=message_factory.GetMessageClass(method.input_type),
        response_class=message_factory.GetMessageClass(method.output_type),
        access=AccessRule.of(method),
        streaming=method.server_streaming,
        side_effect_free=is_side_effect_free(method),
        has_request_id="request_id" in method.input_type.fields_by_name,
        serve=serve,
    )


def is_side_effect_free(method: MethodDescriptor) -> bool:
    """Whether the contract says that the rpc changes nothing, so that it may be repeated."""
    return bool(method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS)
