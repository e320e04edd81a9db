"""The rpcs of the services that a server offers, as the contract describes them."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message

from chassis.rpc.access import AccessRule, ContractError
from chassis.rpc.call import Call

# Serves one request; of a stream of requests, each of them.
UnaryMethod = Callable[[Any, Call], Awaitable[Message | bytes]]
StreamMethod = Callable[[Any, Call], AsyncGenerator[Message, None]]
M = TypeVar("M", bound=Callable[..., Any])


_JUDGES_OWN_TEXT: Final = "judges_own_text"
_JUDGES_PRINCIPAL: Final = "judges_principal"


def judges_own_text(serve: M) -> M:
    """Mark a servicer's method that tells itself which texts of a request cannot be kept.

    Of other requests one that holds the character NUL is refused as a whole.
    """
    setattr(serve, _JUDGES_OWN_TEXT, True)
    return serve


def judges_principal(serve: M) -> M:
    """Mark a servicer's method whose write judges itself whether a member is the principal.

    It is for what makes somebody else the principal: who repeats it is that no more, and is given
    the same answer all the same.
    """
    setattr(serve, _JUDGES_PRINCIPAL, True)
    return serve


@dataclass(frozen=True, slots=True)
class Rpc:
    """One rpc: its full method, its messages, who may call it, and what serves it."""

    method: str
    request_class: type[Message]
    response_class: type[Message]
    access: AccessRule
    streaming: bool
    requests_streaming: bool
    side_effect_free: bool
    has_request_id: bool
    judges_own_text: bool
    judges_principal: bool
    serve: UnaryMethod | StreamMethod


def rpcs_of(servicers: Mapping[str, object]) -> Iterator[Rpc]:
    """Each rpc of the services; ContractError if a servicer lacks one or a rule is missing."""
    for name, servicer in servicers.items():
        service: ServiceDescriptor = descriptor_pool.Default().FindServiceByName(name)
        for method in service.methods:
            yield _rpc_of(method, servicer)


def _rpc_of(method: MethodDescriptor, servicer: object) -> Rpc:
    if method.client_streaming and not method.server_streaming:
        raise ContractError(f"{method.full_name}: requests of a stream are answered one by one")
    serve = getattr(servicer, method.name, None)
    if serve is None:
        raise ContractError(f"{type(servicer).__name__} does not serve {method.full_name}")
    answers_often = method.server_streaming and not method.client_streaming
    if answers_often != inspect.isasyncgenfunction(serve):
        wanted = "an async generator" if answers_often else "a coroutine function"
        raise ContractError(f"{type(servicer).__name__}.{method.name} must be {wanted}")
    return Rpc(
        method=f"/{method.containing_service.full_name}/{method.name}",
        request_class=message_factory.GetMessageClass(method.input_type),
        response_class=message_factory.GetMessageClass(method.output_type),
        access=AccessRule.of(method),
        streaming=method.server_streaming,
        requests_streaming=method.client_streaming,
        side_effect_free=is_side_effect_free(method),
        has_request_id="request_id" in method.input_type.fields_by_name,
        judges_own_text=getattr(serve, _JUDGES_OWN_TEXT, False),
        judges_principal=getattr(serve, _JUDGES_PRINCIPAL, False),
        serve=serve,
    )


def is_side_effect_free(method: MethodDescriptor) -> bool:
    """Whether the contract says that the rpc changes nothing, so that it may be repeated.

    A stream of requests may not: nobody keeps those that were sent.
    """
    if method.client_streaming:
        return False
    return bool(method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS)
