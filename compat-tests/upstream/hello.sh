#!/bin/bash
# Says a line beyond ASCII, numbered, again and again, for a test whose script is not in the archive.
number=0
while sleep 0.3; do
    number=$((number + 1))
    echo "The Øresund bridge ends in Malmö - $number"
done
