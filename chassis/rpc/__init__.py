"""Where the chassis meets gRPC: the server, what each call passes through, feeds and clients."""
