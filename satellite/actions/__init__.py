"""Use cases of a satellite: what a person or a program can do, the same for commands, REST and existing clients.

An action takes the open unit of work, checks the permission, changes the state through the services, and returns the
view that every edge shows. An action that spans several transactions takes the server instead of a unit.
"""
