"""The naive ceiling: a gRPC server that does nothing but answer."""

import grpc

ECHO_PATH = "/benchmarks.Echo/Echo"


async def start_echo(answer: bytes) -> tuple[grpc.aio.Server, int]:
    """A server without interceptors that answers every call with `answer`; and its port."""

    async def echo(_request: bytes, _context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        return answer

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(echo)
    service, _, method = ECHO_PATH.strip("/").partition("/")
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port
