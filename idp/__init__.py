"""Identity: people, organisations, clients, single sign-on and OpenID Connect."""
