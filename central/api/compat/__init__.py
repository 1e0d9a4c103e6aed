"""The API that existing automation speaks, in its cloud and its appliance form; see docs/admin/compatibility.md."""
