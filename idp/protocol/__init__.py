"""Protocol grammar: parameters, scopes, redirect URIs, PKCE, the claims parameter. No input or output."""
