"""The index: what the files hold and say of each other, remembered in the git directory."""
