"""The `pospago` command: it speaks gRPC like any other client."""
