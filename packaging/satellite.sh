#!/bin/sh
# The command works on the home of the service unless another one is named; run it as root or as the user of the service.
export SATELLITE_HOME="${SATELLITE_HOME:-/var/lib/perigee-satellite}"
exec /usr/lib/perigee/bin/satellite "$@"
