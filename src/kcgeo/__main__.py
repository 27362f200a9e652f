"""``python -m kcgeo``: the command line."""

from kcgeo.cli import main

if __name__ == "__main__":
    main()
