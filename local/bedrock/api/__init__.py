"""Bedrock's API, from botocore's service models: routes, requests, answers, errors, pages, tags, tokens."""
