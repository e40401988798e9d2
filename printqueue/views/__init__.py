"""What comes in over HTTP: pages for people, JSON for programs."""
