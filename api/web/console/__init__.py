"""What the consoles for staff, departments, rules and events say and show."""
