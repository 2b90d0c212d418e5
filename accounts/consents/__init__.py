"""What a resident allows a service to fetch about them from a department, until taken back."""
