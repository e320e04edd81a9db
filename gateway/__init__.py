"""One address for both services, carried by Envoy; it adds no meaning."""
