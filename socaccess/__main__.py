"""`python -m socaccess`: the same as the command `socaccess`."""

from socaccess.cli import main

if __name__ == "__main__":
    main()
