"""The gateway, tried with a real Envoy and real gRPC servers behind it."""
