"""Log-in through other OpenID Connect providers: the national platform, a province (OpenID Connect Core §3.1)."""
