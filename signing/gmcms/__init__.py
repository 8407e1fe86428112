"""Signatures in the national container: SignedData of GM/T 0010 and GB/T 35275, made and strictly read."""
