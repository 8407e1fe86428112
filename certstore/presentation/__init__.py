"""Showing a licence (亮证): one-time codes that change, read by offices; signed faces for places without a network."""
