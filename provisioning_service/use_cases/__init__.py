"""What the service does: one use case a module, named for the verb of its rpc."""
