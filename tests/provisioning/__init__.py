"""The provisioning service: domain, use cases on both stores, rpcs of the real server."""
