"""What each page shows, as data: templates are written against these, handlers and presenters fill them in."""
