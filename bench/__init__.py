"""Benchmarks: figures with ratios against a named peer or limit measured in the same run. `bin/bench NAME`."""
