"""The public log of signatures: whoever keeps a sealed file can prove that it was entered."""
