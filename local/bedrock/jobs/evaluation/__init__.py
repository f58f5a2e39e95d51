"""Evaluation jobs and their judge."""
