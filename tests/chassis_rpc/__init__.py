"""The rpc chassis, through real servers and real stubs."""
