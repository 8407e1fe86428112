"""One module per protocol endpoint; plain Python, the routes in `api/routes/idp` translate HTTP."""
