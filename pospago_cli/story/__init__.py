"""The main job as a story: months of four integrators, each step of it an expectation."""
