"""The program that paints training pictures: subjects in every medium, light, background and mood."""
