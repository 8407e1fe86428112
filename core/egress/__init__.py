"""The one way in which this service fetches addresses that come from outside (attacks O-19, S-16)."""
