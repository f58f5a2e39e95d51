"""HTTP in and out: routes and shapes from botocore's service models."""
