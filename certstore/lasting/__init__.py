"""Originals last: the seals on stored files are renewed before what proves them ends."""
