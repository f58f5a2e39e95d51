"""What can go wrong with a run, and what becomes of it: `make faults` prints the matrix, writes docs/reliability.md."""
