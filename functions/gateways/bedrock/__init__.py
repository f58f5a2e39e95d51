"""Amazon Bedrock: jobs, models, deployments."""
