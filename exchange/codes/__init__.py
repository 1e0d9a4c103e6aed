"""Codes that people carry between central and a device without any network: request, authorization, confirmation, return (row S4.5)."""
