"""Entrusting (委托): a natural person lets another decide on the use of their licences, within bounds that they set."""
