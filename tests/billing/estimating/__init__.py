"""What something would cost: service periods, counting, estimates."""
