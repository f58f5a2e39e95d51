"""Customization jobs and the models that they make."""
