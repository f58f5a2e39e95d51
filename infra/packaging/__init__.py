"""What goes to AWS, made and checked: bundles, layers, the machine's text, the template."""
