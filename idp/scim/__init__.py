"""Joiners and leavers from personnel systems, by SCIM 2.0 (RFC 7643, RFC 7644)."""
