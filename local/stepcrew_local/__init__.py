"""Stepcrew on one machine: the deployed template on an AWS emulator, behind one web address. Never deployed itself."""
