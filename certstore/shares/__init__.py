"""Shares: a holder shows chosen entries of a licence to whom they like, for some days and some openings."""
