"""How the store came to its shape, step by step."""
