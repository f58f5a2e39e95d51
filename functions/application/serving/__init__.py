"""What answers a dataset: the champion, the person's word, the promotion and its way back, what is retired."""
