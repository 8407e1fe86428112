"""How it is made sure that an account is a certain person: sources, codes to the phone, clerks at a window."""
