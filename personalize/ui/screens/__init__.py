"""One file a screen: its HTML, and the updates that bring a person there."""
