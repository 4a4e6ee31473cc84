"""Code that runs inside the emulator's process and virtual environment, never in ours."""
