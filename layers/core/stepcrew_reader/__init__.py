"""Reading crews as people write them - crew files, CrewAI's projects - without running anything. The command line and
the API read with it."""
