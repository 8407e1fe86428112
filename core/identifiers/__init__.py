"""Public identifiers of persons and organisations: one canonical form each."""
