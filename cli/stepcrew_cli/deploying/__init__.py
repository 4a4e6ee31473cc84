"""Deploys projects: finds what a folder runs, imports it in a clean process, builds its bundle and hands it over."""
