"""Benchmarks of the project: `make benchmark` runs them all, `python -m benchmarks.curation` one of them."""
