"""The API that existing automation speaks, in its appliance form; see docs/admin/compatibility.md."""
