"""What calls the billing service: its feed is applied here, its sandboxes are led from here."""
