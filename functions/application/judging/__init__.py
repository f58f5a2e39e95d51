"""What a judge is asked about the arms' answers, and what it said."""
