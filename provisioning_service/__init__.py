"""Who is who and who may have what: accounts, integrators, tokens, instances and seats."""
