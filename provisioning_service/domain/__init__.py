"""The rules of provisioning: values in, values out."""
