"""Whatever somebody brings to be verified: a sealed file, a photo, a print that was scanned, the text of a QR code."""
