"""A catalogue as one signed file: taken out of one installation, compared with another, taken in as a whole."""
