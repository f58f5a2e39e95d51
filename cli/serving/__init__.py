"""What serves: approved, promoted, rolled back."""
