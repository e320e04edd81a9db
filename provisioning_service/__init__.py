"""The provisioning service: who is who, who may have what, and what runs."""
