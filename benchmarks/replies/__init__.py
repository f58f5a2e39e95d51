"""Replies as a batch job leaves them, with planted faults, and our handlers over a folder of them."""
