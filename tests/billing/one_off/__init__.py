"""What is charged once, and what coupons and agreements take off."""
