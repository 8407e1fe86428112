"""Looks at how licences are looked up, and says when somebody does it oddly (attacks L-04)."""
