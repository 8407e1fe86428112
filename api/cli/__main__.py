"""`python -m api.cli` is the same as `yizheng`."""

from api.cli import main

main()
