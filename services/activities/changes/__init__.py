"""Changing and cancelling what is published: text, times, places, shifts; those concerned are told or asked again."""
