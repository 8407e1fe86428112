"""The audit log as a transparency log: a Merkle tree over its rows, signed checkpoints, proofs, witnesses elsewhere."""
