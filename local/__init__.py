"""The local AWS: an AWS on this machine for the demo and the tests.

Imports nothing of `functions/` and `infra/`, and is imported by neither.
"""
