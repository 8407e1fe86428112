"""Client-initiated backchannel authentication (OpenID Connect CIBA Core 1.0): a client asks, the person confirms on
their own phone."""
