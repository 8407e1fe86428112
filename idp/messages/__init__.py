"""Messages to people: text messages and e-mail, in two languages, through a gateway of the city."""
