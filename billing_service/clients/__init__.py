"""What billing hears from the provisioning service, and asks of it."""
