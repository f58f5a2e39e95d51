"""What a student learns of a teacher that draws: the local Bedrock's models, asked in their own environment."""
