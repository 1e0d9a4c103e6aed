"""Classic licences, in activation keys (PAK) and on devices, that become smart licences (rows C9.1 to C9.4)."""
