#!/bin/sh
# Run the example in the foreground; Ctrl-C ends it.
#
#   run.sh BIN [option ...]      BIN is the bin folder of a virtual environment with supervisord;
#                                the options are handed on to supervisord
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "${1:?usage: run.sh BIN [option ...]}" && pwd)
shift

"$here/prepare.sh" "$bin"

page=$(sed -n 's/^port = //p' "$here/supervisord.conf")
echo "The page:       http://$page  (user admin, password quickstart)"
echo "supervisorctl:  $bin/supervisorctl -c $here/supervisord.conf status"
echo "The web shop:   http://127.0.0.1:$(sed -n 's/.*--port //p' "$here/conf.d/shop.conf")"
echo "Ctrl-C ends it all."

# The programs are found by their names (flask, python), and run as whoever runs this.
PATH="$bin:$PATH"
USER=$(id -un)
export PATH USER
exec "$bin/supervisord" --nodaemon --configuration "$here/supervisord.conf" "$@"
