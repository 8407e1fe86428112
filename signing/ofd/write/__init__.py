"""Writes OFD packages (GB/T 33190-2016) from what is to be drawn; the same content gives the same octets."""
