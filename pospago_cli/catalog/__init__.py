"""The catalogue as code: a YAML file, checked and applied as one."""
