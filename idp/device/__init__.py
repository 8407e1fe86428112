"""Device authorization (RFC 8628): a kiosk or an app without a keyboard asks, the person agrees on another screen."""
