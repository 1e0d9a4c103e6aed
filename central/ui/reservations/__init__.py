"""Reservations of a virtual account: the list, and making, updating, confirming and ending one (rows C6.1 to C6.9)."""

from central.ui.reservations import changed, ended, listed, made, rehosted, shipped

URLS = (*listed.URLS, *made.URLS, *changed.URLS, *ended.URLS, *rehosted.URLS, *shipped.URLS)
