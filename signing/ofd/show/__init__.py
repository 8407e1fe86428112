"""Shows the pages of an OFD by writing them as a PDF, and tells what could not be shown as it is."""
