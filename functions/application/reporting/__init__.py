"""What a report gathers: the accounts and costs of a run, or why it failed."""
