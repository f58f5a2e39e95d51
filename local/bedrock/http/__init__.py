"""The server: it takes calls and hands each to the operation that answers it."""
