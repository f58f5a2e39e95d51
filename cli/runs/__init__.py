"""Runs: started, watched, reported, compared."""
