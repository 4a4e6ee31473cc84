"""Reading a CrewAI project written in Python without running it.

What its text says becomes a crew definition. What only running it would tell is named in a note, or refused with its
file and line where it decides what runs. Nothing is left out without a word."""
