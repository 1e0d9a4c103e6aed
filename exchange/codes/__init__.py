"""Codes that people carry between central and a device without any network: request, authorization, return (row S4.5)."""
