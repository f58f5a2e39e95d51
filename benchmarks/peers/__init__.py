"""The peers, each one file that runs alone in the environment of the peers, and prints one line of JSON: seconds,
records, kept.
"""
