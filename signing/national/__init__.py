"""Seals in their national form (GB/T 38540-2020): made beside the international one, under the same life."""
