"""What an OFD holds, as plain values (GB/T 33190-2016 §7 to §17)."""
