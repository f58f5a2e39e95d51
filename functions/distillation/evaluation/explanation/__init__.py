"""A verdict in words: its headline, its reasons, its warnings, and what would change it."""
