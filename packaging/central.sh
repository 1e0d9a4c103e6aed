#!/bin/sh
# The command works on the home of the service unless another one is named; run it as root or as the user of the service.
export CENTRAL_HOME="${CENTRAL_HOME:-/var/lib/perigee-central}"
exec /usr/lib/perigee/bin/central "$@"
