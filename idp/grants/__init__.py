"""The grants of the token endpoint; each decides, and the shared phases in `base` do the rest."""
