"""What flows to the page by itself: events, and sound to listen to."""
