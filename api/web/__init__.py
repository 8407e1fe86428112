"""The pages' ground: rendering, security headers, forms, languages, static files."""
