"""Face templates that administrators write: kept in versions, tried in a sandbox, published for types to use."""
