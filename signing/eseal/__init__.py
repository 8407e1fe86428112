"""Seals and stamps of GB/T 38540-2020 and its family: structures, made and judged."""
