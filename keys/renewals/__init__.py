"""Renewals that two people decide: one proposes, another confirms (attacks L-23; GB/T 22239 三权分立)."""
