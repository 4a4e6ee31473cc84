"""The command line of Stepcrew. It talks HTTP only, so it works alike against the local stack and AWS."""
