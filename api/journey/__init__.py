"""The main job over real HTTP, as a story: what DESIGN calls the journey that must always run."""
